import { type Finder, step } from '../project.ts';

/** A Crystal shard with specs. */
export const crystal: Finder = (tree) => {
  const because = 'shard.yml';
  if (!tree.has(because)) return undefined;
  const spec = tree.below('spec').find((path) => path.endsWith('_spec.cr'));
  if (spec === undefined) return { because, why: 'it has no file spec/…_spec.cr' };
  const needs = /^(?:development_)?dependencies:/m.test(tree.text(because));
  const install = step('install', `shards install${tree.has('shard.lock') ? ' --frozen' : ''}`);
  return {
    kind: 'crystal',
    because,
    why: `it has specs such as ${spec}`,
    steps: [...(needs ? [install] : []), step('test', 'crystal spec')],
  };
};
