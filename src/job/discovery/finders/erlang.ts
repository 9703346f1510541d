import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** What Hex, which fetches packages, and the build tool of Erlang need in a new home. */
const hex = 'mix local.hex --force --if-missing && mix local.rebar --force --if-missing';

/** An Elixir project. */
export const mix: Finder = (tree) => {
  const because = 'mix.exs';
  if (!tree.has(because)) return undefined;
  const isLocked = tree.has('mix.lock');
  const needsHex = isLocked || /\{:\w{1,100},/.test(tree.text(because));
  const get = `mix deps.get${isLocked ? ' --check-locked' : ''}`;
  return {
    kind: 'elixir',
    because,
    why: isLocked ? 'mix.lock must fit' : 'there is no mix.lock',
    steps: [step('install', needsHex ? `${hex} && ${get}` : get), step('test', 'mix test')],
    ...(printsTotals(tree) && { runner: 'ExUnit' }),
  };
};

/** Whether `mix test` prints what ExUnit prints: no other formatter, and no other command of that name. */
function printsTotals(tree: Tree): boolean {
  const helpers = tree.below().filter((path) => /(^|\/)test\/test_helper\.exs$/.test(path));
  const texts = ['mix.exs', ...helpers].map((path) => (tree.isRead(path) ? tree.text(path) : 'formatters'));
  return !texts.some((text) => /formatters|\btest"?: ?(?!:)/.test(text));
}

/** An Erlang project: its Common Test suites, and the EUnit tests that may be in any module. */
export const rebar: Finder = (tree) => {
  const because = 'rebar.config';
  if (!tree.has(because)) return undefined;
  const paths = tree.below();
  const suite = paths.find((path) => path.endsWith('_SUITE.erl'));
  const eunit = paths.find((path) => path.endsWith('_tests.erl'));
  const tests = suite === undefined ? 'eunit' : eunit === undefined ? 'ct' : 'do eunit, ct';
  return {
    kind: 'erlang',
    because,
    why: suite === undefined ? 'it has no Common Test suites' : `it has Common Test suites such as ${suite}`,
    steps: [step('test', `rebar3 ${tests}`)],
  };
};
