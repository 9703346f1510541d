import { firstMatch, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** `uv sync` and `uv pip install`. */
export const uv: readonly Rule[] = [
  {
    installing: true,
    line: /(?:Failed to fetch: `([^`]+)`|error sending request for url \(([^)]+)\))/,
    blame: ([url, other]) => ofNetwork(`uv cannot reach ${url || other}`),
  },
  {
    line: /× No solution found when resolving/,
    blame: (_, lines) => {
      const why = firstMatch(lines, /(?:╰─▶|Because) +(.*)$/) ?? 'see the log';
      return ofCommit(
        `uv finds no versions that fit: ${why}`,
        'Correct the dependencies in pyproject.toml, and run `uv lock`',
      );
    },
  },
  {
    line: /[Tt]he lockfile at `uv\.lock` needs to be updated|Unable to find lockfile at `uv\.lock`/,
    blame: () => ofCommit('uv.lock does not fit pyproject.toml', 'Run `uv lock` and commit uv.lock'),
  },
  {
    line: /error: Failed to parse(?: `([^`]+)`|: `([^`]+)`)/,
    blame: ([file, other]) => ofCommit(`uv cannot read ${file || other}`, 'Correct it as the log says'),
  },
  {
    line: /error: (No interpreter found for .*|The requested interpreter resolved to .*)$/,
    blame: ([said]) => ofTool(said ?? '', 'Install that Python on the runner, for example with `uv python install`'),
  },
  {
    line: /(?:× )?Failed to build `([^`]+)`/,
    blame: ([name = '']) =>
      / @ file:\/\//.test(name)
        ? ofCommit('the project itself could not be built', 'Read the log, and fix pyproject.toml')
        : ofMachine(
            `the package ${name} could not be built`,
            'Install the compilers and libraries that it needs on the runner; the log names them',
          ),
  },
];
