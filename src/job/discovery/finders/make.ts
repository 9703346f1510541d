import { type Finder, step } from '../project.ts';

/** A Makefile with a target for tests. */
export const make: Finder = (tree) => {
  const because = tree.first('GNUmakefile', 'makefile', 'Makefile');
  if (because === undefined) return undefined;
  const target = /^(test|check)\s*:(?!:{0,2}=)/m.exec(tree.text(because))?.[1];
  if (target === undefined) return { because, why: `${because} has no target "test" or "check"` };
  return { kind: 'make', because, why: `it has the target "${target}"`, steps: [step('test', `make ${target}`)] };
};
