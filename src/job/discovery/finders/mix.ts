import { type Finder, step } from '../project.ts';

/** A project of Elixir. */
export const mix: Finder = (tree) =>
  tree.has('mix.exs')
    ? {
        kind: 'elixir',
        because: 'mix.exs',
        why: 'Mix runs the tests',
        steps: [step('install', 'mix deps.get'), step('test', 'mix test')],
      }
    : undefined;
