import { type Finder, step } from '../project.ts';

/** A script that tests. */
export const script: Finder = (tree) => {
  if (!tree.has('test.sh')) return undefined;
  if (!tree.isExecutable('test.sh')) return { because: 'test.sh', why: 'test.sh may not be executed (chmod +x)' };
  return { kind: 'script', because: 'test.sh', why: 'it may be executed', steps: [step('test', './test.sh')] };
};
