import { commit, machine, network, type Rule, tool } from '../blame.ts';

/** Mix and Hex. */
export const mix: readonly Rule[] = [
  network(
    /\{:failed_connect, .*\{~?c?["']?([\w.-]+)|Could not install Hex because Mix could not download metadata at (\S+)/,
    'Mix cannot reach $1$2',
  ),
  commit(/\*\* \(Mix\) No package with name (\S+)/, 'Hex finds no package $1', 'Correct its name in mix.exs'),
  commit(
    /\*\* \(Mix\) Hex dependency resolution failed|Failed to use "([^"]+)"/,
    ([name]) => `Hex finds versions in conflict${name && ` of ${name}`}`,
    'Correct the versions in mix.exs, and run `mix deps.get`',
  ),
  commit(
    /Your mix\.lock is out of date|lock mismatch: the dependency is out of date/,
    'mix.lock does not fit mix.exs',
    'Run `mix deps.get` and commit mix.lock',
  ),
  tool(
    /You're trying to run (\S+) on Elixir (\S+) but it has declared .* only Elixir (.*)$/,
    'the project needs Elixir $3, the runner has $2',
    'Install that version on the runner',
  ),
  tool(
    /Mix requires the Hex package manager|Could not find Hex, which is needed|Could not find an SCM for dependency/,
    'Elixir has no Hex',
    'Run `mix local.hex --force` on the runner, or before the tests',
  ),
  tool(
    /Could not find "rebar3"|Shall I install rebar3/,
    'Elixir has no rebar3',
    'Run `mix local.rebar --force` on the runner, or before the tests',
  ),
  machine(
    /the dependency is not available, run "mix deps\.get"/,
    'dependencies of mix.exs are not fetched',
    'Run `mix deps.get` before the tests',
  ),
];
