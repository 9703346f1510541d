import { type Finder, step } from '../project.ts';
import { versionsOf } from '../versions.ts';

/** A Rust package, or all packages of a workspace. */
export const cargo: Finder = (tree) => {
  const because = 'Cargo.toml';
  if (!tree.has(because)) return undefined;
  const text = tree.text(because);
  const isWorkspace = /^\[workspace[\].]/m.test(text);
  const locked = tree.has('Cargo.lock') ? ' --locked' : '';
  const needsOthers = isWorkspace || /^\[(?:[\w.'"()= -]{1,200}\.)?(?:dev-|build-)?dependencies[\].]/m.test(text);
  return {
    kind: 'rust',
    because,
    why: [
      isWorkspace ? 'it is a workspace, all of whose packages are tested' : 'Cargo tests the package',
      locked === '' ? 'there is no Cargo.lock' : 'Cargo.lock must fit',
    ].join('; '),
    steps: [
      ...(needsOthers ? [step('install', `cargo fetch${locked}`)] : []),
      step('test', `cargo test${isWorkspace ? ' --workspace' : ''}${locked}`),
    ],
    tools: versionsOf(tree, 'rust'),
  };
};
