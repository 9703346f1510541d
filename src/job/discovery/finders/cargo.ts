import { type Finder, step } from '../project.ts';

/** A crate or workspace of Rust. */
export const cargo: Finder = (tree) =>
  tree.has('Cargo.toml')
    ? { kind: 'rust', because: 'Cargo.toml', why: 'Cargo runs the tests', steps: [step('test', 'cargo test')] }
    : undefined;
