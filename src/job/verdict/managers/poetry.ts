import { ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Poetry and PDM. */
export const poetry: readonly Rule[] = [
  {
    installing: true,
    line: /All attempts to connect to (\S+) failed|ConnectionError|Max retries exceeded with url/,
    blame: ([host]) => ofNetwork(`Poetry cannot reach ${host || 'the package index'}`),
  },
  {
    line: /^(?:So, )?[Bb]ecause (.*), version solving failed\.?$/,
    blame: ([why]) =>
      ofCommit(
        `Poetry finds no versions that fit: ${why}`,
        'Correct the dependencies in pyproject.toml, and run `poetry lock`',
      ),
  },
  {
    line: /version solving failed/,
    blame: () =>
      ofCommit(
        'Poetry finds no versions that fit',
        'Correct the dependencies in pyproject.toml, and run `poetry lock`',
      ),
  },
  {
    line: /pyproject\.toml changed significantly since poetry\.lock was last generated|poetry\.lock is not up to date with pyproject\.toml/,
    blame: () => ofCommit('poetry.lock does not fit pyproject.toml', 'Run `poetry lock` and commit poetry.lock'),
  },
  {
    line: /The Poetry configuration is invalid/,
    blame: () => ofCommit('Poetry refuses pyproject.toml', 'Correct it as the log says; `poetry check` tells the same'),
  },
  {
    line: /Current Python version \(([^)]+)\) is not allowed by the project \(([^)]+)\)/,
    blame: ([here, wanted]) =>
      ofTool(`the project needs Python ${wanted}, the runner has ${here}`, 'Install that version on the runner'),
  },
  {
    line: /Unable to find installation candidates for (\S+)/,
    blame: ([name]) =>
      ofMachine(`Poetry finds no file of ${name} for this machine`, 'Check that it supports the Python of the runner'),
  },
  {
    line: /\[ResolutionImpossible\]: (.*)$/,
    blame: ([said]) =>
      ofCommit(`PDM finds versions in conflict: ${said}`, 'Correct pyproject.toml, and run `pdm lock`'),
  },
  {
    line: /(?:Lock file hash doesn't match pyproject\.toml|lock ?file (?:is outdated|does not (?:match|satisfy)))/i,
    blame: () => ofCommit('pdm.lock does not fit pyproject.toml', 'Run `pdm lock` and commit pdm.lock'),
  },
  {
    line: /CandidateNotFound\]?: Unable to find candidates for (\S+)\./,
    blame: ([name]) =>
      ofMachine(
        `PDM finds no version of ${name}`,
        'Correct its name, or check the network of the runner: PDM does not tell which',
      ),
  },
];
