import { ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Mix and Hex. */
export const mix: readonly Rule[] = [
  {
    line: /\{:failed_connect, .*\{~?c?["']?([\w.-]+)|Could not install Hex because Mix could not download metadata at (\S+)/,
    blame: ([host, url]) => ofNetwork(`Mix cannot reach ${host || url}`),
  },
  {
    line: /\*\* \(Mix\) No package with name (\S+)/,
    blame: ([name]) => ofCommit(`Hex finds no package ${name}`, 'Correct its name in mix.exs'),
  },
  {
    line: /\*\* \(Mix\) Hex dependency resolution failed|Failed to use "([^"]+)"/,
    blame: ([name]) =>
      ofCommit(
        `Hex finds versions in conflict${name ? ` of ${name}` : ''}`,
        'Correct the versions in mix.exs, and run `mix deps.get`',
      ),
  },
  {
    line: /Your mix\.lock is out of date|lock mismatch: the dependency is out of date/,
    blame: () => ofCommit('mix.lock does not fit mix.exs', 'Run `mix deps.get` and commit mix.lock'),
  },
  {
    line: /You're trying to run (\S+) on Elixir (\S+) but it has declared .* only Elixir (.*)$/,
    blame: ([, here, wanted]) =>
      ofTool(`the project needs Elixir ${wanted}, the runner has ${here}`, 'Install that version on the runner'),
  },
  {
    line: /Mix requires the Hex package manager|Could not find Hex, which is needed|Could not find an SCM for dependency/,
    blame: () => ofTool('Elixir has no Hex', 'Run `mix local.hex --force` on the runner, or before the tests'),
  },
  {
    line: /Could not find "rebar3"|Shall I install rebar3/,
    blame: () => ofTool('Elixir has no rebar3', 'Run `mix local.rebar --force` on the runner, or before the tests'),
  },
  {
    line: /the dependency is not available, run "mix deps\.get"/,
    blame: () => ofMachine('dependencies of mix.exs are not fetched', 'Run `mix deps.get` before the tests'),
  },
];
