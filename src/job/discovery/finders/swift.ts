import { type Finder, step } from '../project.ts';

/** A Swift package with test targets. */
export const swift: Finder = (tree) => {
  const because = 'Package.swift';
  if (!tree.has(because)) return undefined;
  if (!/\.testTarget[^\S\n]*\(/.test(tree.text(because)) && !tree.hasFolder('Tests'))
    return { because, why: 'Package.swift has no test target' };
  const install = tree.has('Package.resolved') ? [step('install', 'swift package resolve')] : [];
  const why = 'it has test targets';
  return {
    kind: 'swift',
    because,
    why,
    steps: [...install, step('test', 'swift test')],
  };
};
