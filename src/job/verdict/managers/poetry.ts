import { commit, machine, network, type Rule, tool, whileInstalling } from '../blame.ts';

/** Poetry and PDM. */
export const poetry: readonly Rule[] = [
  whileInstalling(
    network(
      /All attempts to connect to (\S+) failed|ConnectionError|Max retries exceeded with url/,
      ([host]) => `Poetry cannot reach ${host || 'the package index'}`,
    ),
  ),
  commit(
    /^(?:So, )?[Bb]ecause (.*), version solving failed\.?$/,
    'Poetry finds no versions that fit: $1',
    'Correct the dependencies in pyproject.toml, and run `poetry lock`',
  ),
  commit(
    /version solving failed/,
    'Poetry finds no versions that fit',
    'Correct the dependencies in pyproject.toml, and run `poetry lock`',
  ),
  commit(
    /pyproject\.toml changed significantly since poetry\.lock was last generated|poetry\.lock is not up to date with pyproject\.toml/,
    'poetry.lock does not fit pyproject.toml',
    'Run `poetry lock` and commit poetry.lock',
  ),
  commit(
    /The Poetry configuration is invalid/,
    'Poetry refuses pyproject.toml',
    'Correct it as the log says; `poetry check` tells the same',
  ),
  tool(
    /Current Python version \(([^)]+)\) is not allowed by the project \(([^)]+)\)/,
    'the project needs Python $2, the runner has $1',
    'Install that version on the runner',
  ),
  machine(
    /Unable to find installation candidates for (\S+)/,
    'Poetry finds no file of $1 for this machine',
    'Check that it supports the Python of the runner',
  ),
  commit(
    /\[ResolutionImpossible\]: (.*)$/,
    'PDM finds versions in conflict: $1',
    'Correct pyproject.toml, and run `pdm lock`',
  ),
  commit(
    /(?:Lock file hash doesn't match pyproject\.toml|lock ?file (?:is outdated|does not (?:match|satisfy)))/i,
    'pdm.lock does not fit pyproject.toml',
    'Run `pdm lock` and commit pdm.lock',
  ),
  machine(
    /CandidateNotFound\]?: Unable to find candidates for (\S+)\./,
    'PDM finds no version of $1',
    'Correct its name, or check the network of the runner: PDM does not tell which',
  ),
];
