import { access, commit, firstMatch, network, notBuilt, type Rule, tool, whileInstalling } from '../blame.ts';

/** `uv sync` and `uv pip install`. */
export const uv: readonly Rule[] = [
  whileInstalling(
    network(/(?:Failed to fetch: `([^`]+)`|error sending request for url \(([^)]+)\))/, 'uv cannot reach $1$2'),
  ),
  access(
    /An index URL \(([^)]+)\) could not be queried due to a lack of valid authentication credentials/,
    'uv has no access to $1',
  ),
  network(
    /Packages were unavailable because (?:the network was disabled|index lookups were disabled)/,
    'uv may not ask a package index',
  ),
  commit(
    /× No solution found when resolving/,
    (_, lines) => `uv finds no versions that fit: ${firstMatch(lines, /(?:╰─▶|Because) +(.*)$/) ?? 'see the log'}`,
    'Correct the dependencies in pyproject.toml, and run `uv lock`',
  ),
  commit(
    /[Tt]he lockfile at `uv\.lock` needs to be updated|Unable to find lockfile at `uv\.lock`/,
    'uv.lock does not fit pyproject.toml',
    'Run `uv lock` and commit uv.lock',
  ),
  commit(/error: Failed to parse(?: `([^`]+)`|: `([^`]+)`)/, 'uv cannot read $1$2', 'Correct it as the log says'),
  tool(
    /error: (No interpreter found for .*|The requested interpreter resolved to .*)$/,
    '$1',
    'Install that Python on the runner, for example with `uv python install`',
  ),
  commit(
    /Failed to build `[^`]+ @ file:\/\/[^`]*`/,
    'the project itself could not be built',
    'Read the log, and fix pyproject.toml',
  ),
  notBuilt(/Failed to build `([^`]+)`/),
];
