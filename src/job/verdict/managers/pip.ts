import { type Blame, firstMatch, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** pip warns of these, and then says that there are no versions. */
const network =
  /Retrying \(Retry\(|NewConnectionError|Name or service not known|Temporary failure in name resolution|Connection refused|Read timed out|SSLError|CERTIFICATE_VERIFY_FAILED|Could not fetch URL|is not a trusted or secure host/;

/** `pip install`, also as part of other tools. */
export const pip: readonly Rule[] = [
  {
    line: /ensurepip is not available|No module named ensurepip/,
    blame: () => ofTool('Python cannot make environments', 'Run `apt-get install python3-venv` on the runner'),
  },
  {
    line: /ERROR: Could not find a version that satisfies the requirement (\S.*) \(from versions: (.*)\)$/,
    blame: ([name = '', versions], lines) => absent(name, versions ?? '', lines),
  },
  {
    line: /ERROR: Cannot install (.*) because these package versions have conflicting dependencies/,
    blame: ([names]) =>
      ofCommit(`pip finds versions in conflict: ${names}`, 'Make the versions that the project asks for fit'),
  },
  {
    line: /ERROR: ResolutionImpossible/,
    blame: () => ofCommit('pip finds versions in conflict', 'Make the versions that the project asks for fit'),
  },
  {
    line: /ERROR: (Invalid requirement: .*)$/,
    blame: ([said]) => ofCommit(`pip cannot read the requirements: ${said}`, 'Correct the line'),
  },
  {
    line: /ERROR: (?:Could not open requirements file: .*: '([^']+)'|Directory '([^']+)' is not installable)/,
    blame: ([file, folder]) =>
      ofCommit(`pip cannot install from ${file || folder}`, 'Commit the file, or correct its path'),
  },
  {
    installing: true,
    line: /TOMLDecodeError|ERROR: .*(?:pyproject\.toml.*(?:parse|invalid)|contains an invalid)/,
    blame: () => ofCommit('pip cannot read pyproject.toml', 'Correct it as the log says'),
  },
  {
    line: /ERROR: THESE PACKAGES DO NOT MATCH THE HASHES/,
    blame: () =>
      ofMachine(
        'pip got a package with another hash than the requirements name',
        'Check the mirror of the registry; if it is right, write the requirements again',
      ),
  },
  {
    line: /ERROR: Package '([^']+)' requires a different Python: (\S+) not in '([^']+)'/,
    blame: ([name, here, wanted]) =>
      ofTool(
        `${name} needs Python ${wanted}, the runner has ${here}`,
        'Install that version on the runner, and name it in .python-version',
      ),
  },
  {
    line: /error: externally-managed-environment/,
    blame: () =>
      ofMachine(
        "pip may not install into the system's Python",
        'Use an environment: `python3 -m venv .venv && .venv/bin/pip install …`',
      ),
  },
  {
    line: /No module named pip$/,
    blame: () => ofTool('Python has no pip', 'Run `apt-get install python3-pip python3-venv` on the runner'),
  },
  {
    line: /(?:ERROR: Failed building wheel for|Failed to build) '?([\w.-]+)/,
    blame: ([name = ''], lines) => notBuilt(name, lines),
  },
  {
    line: /× (?:Getting requirements to build|Preparing metadata|Building) .* did not run successfully/,
    blame: (_, lines) => notBuilt('a package', lines),
  },
];

function absent(name: string, versions: string, lines: readonly string[]): Blame {
  const unreachable = firstMatch(lines, network);
  if (versions !== 'none')
    return ofCommit(
      `pip finds no version ${name}; the index has ${versions.slice(0, 200)}`,
      'Correct the version that the project asks for',
    );
  if (unreachable !== undefined) return ofNetwork(`pip cannot reach the package index for ${name}`);
  // pip tells no difference between an index without the package and versions for other Pythons
  return ofMachine(
    `pip finds no version of ${name} in the package index`,
    'Correct its name, check that it supports the Python of the runner, or set `PIP_INDEX_URL` with `volt repo set NAME --env`',
  );
}

/** The project itself is built from a folder; "Collecting" names what is fetched. */
function notBuilt(name: string, lines: readonly string[]): Blame {
  const header = firstMatch(lines, /fatal error: (\S+\.h(?:pp)?): No such file/);
  if (header !== undefined)
    return ofMachine(
      `the header ${header} is missing`,
      'Commit it, or install the development package that has it with `apt-get install` on the runner',
    );
  const own = lines.findLastIndex((line) => /^\s*(?:Processing|Obtaining) (?:file:\/\/)?\/\S*[^/\s]$/.test(line));
  const fetched = lines.findLastIndex((line) => /^\s*Collecting \S/.test(line));
  return own > fetched
    ? ofCommit('the project itself could not be built', 'Read the log, and fix pyproject.toml or setup.py')
    : ofMachine(
        `the package ${name} could not be built`,
        'Install the compilers and libraries that it needs on the runner; the log names them',
      );
}
