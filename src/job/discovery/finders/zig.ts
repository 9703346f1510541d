import { type Finder, step } from '../project.ts';

/** A Zig project whose build has a step "test". */
export const zig: Finder = (tree) => {
  const because = 'build.zig';
  if (!tree.has(because)) return undefined;
  if (!/\.step\(\s{0,100}"test"/.test(tree.text(because))) return { because, why: 'build.zig has no step "test"' };
  const steps = [step('test', 'zig build test --summary all')];
  return { kind: 'zig', because, why: 'it has the step "test"', steps };
};
