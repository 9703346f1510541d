import { commit, firstMatch, machine, network, notBuilt, type Rule, tool, whileInstalling } from '../blame.ts';

/** pip warns of these, and then says that there are no versions. */
const unreachable =
  /Retrying \(Retry\(|NewConnectionError|Name or service not known|Temporary failure in name resolution|Connection refused|Read timed out|SSLError|CERTIFICATE_VERIFY_FAILED|Could not fetch URL|is not a trusted or secure host/;

const notMade =
  /(?:ERROR: Failed building wheel for|Failed to build) '?[\w.-]|× (?:Getting requirements to build|Preparing metadata|Building) .* did not run successfully/;

/** `pip install`, also as part of other tools. */
export const pip: readonly Rule[] = [
  tool(
    /ensurepip is not available|No module named ensurepip/,
    'Python cannot make environments',
    'Run `apt-get install python3-venv` on the runner',
  ),
  network(
    /ERROR: Could not find a version that satisfies the requirement (\S.*) \(from versions: none\)$/,
    ([name], lines) => firstMatch(lines, unreachable) && `pip cannot reach the package index for ${name}`,
  ),
  // pip tells no difference between an index without the package and versions for other Pythons
  machine(
    /ERROR: Could not find a version that satisfies the requirement (\S.*) \(from versions: none\)$/,
    'pip finds no version of $1 in the package index',
    'Correct its name, check that it supports the Python of the runner, or set `PIP_INDEX_URL` with `volt repo set NAME --env`',
  ),
  commit(
    /ERROR: Could not find a version that satisfies the requirement (\S.*) \(from versions: (.{0,200}).*\)$/,
    'pip finds no version $1; the index has $2',
    'Correct the version that the project asks for',
  ),
  commit(
    /ERROR: Cannot install (.*) because these package versions have conflicting dependencies/,
    'pip finds versions in conflict: $1',
    'Make the versions that the project asks for fit',
  ),
  commit(
    /ERROR: ResolutionImpossible/,
    'pip finds versions in conflict',
    'Make the versions that the project asks for fit',
  ),
  commit(/ERROR: (Invalid requirement: .*)$/, 'pip cannot read the requirements: $1', 'Correct the line'),
  commit(
    /ERROR: (?:Could not open requirements file: .*: '([^']+)'|Directory '([^']+)' is not installable)/,
    'pip cannot install from $1$2',
    'Commit the file, or correct its path',
  ),
  whileInstalling(
    commit(
      /TOMLDecodeError|ERROR: .*(?:pyproject\.toml.*(?:parse|invalid)|contains an invalid)/,
      'pip cannot read pyproject.toml',
      'Correct it as the log says',
    ),
  ),
  machine(
    /ERROR: THESE PACKAGES DO NOT MATCH THE HASHES/,
    'pip got a package with another hash than the requirements name',
    'Check the mirror of the registry; if it is right, write the requirements again',
  ),
  tool(
    /ERROR: Package '([^']+)' requires a different Python: (\S+) not in '([^']+)'/,
    '$1 needs Python $3, the runner has $2',
    'Install that version on the runner, and name it in .python-version',
  ),
  machine(
    /error: externally-managed-environment/,
    "pip may not install into the system's Python",
    'Use an environment: `python3 -m venv .venv && .venv/bin/pip install …`',
  ),
  tool(/No module named pip$/, 'Python has no pip', 'Run `apt-get install python3-pip python3-venv` on the runner'),
  machine(
    notMade,
    (_, lines) => {
      const header = firstMatch(lines, /fatal error: (\S+\.h(?:pp)?): No such file/);
      return header && `the header ${header} is missing`;
    },
    'Commit it, or install the development package that has it with `apt-get install` on the runner',
  ),
  commit(
    notMade,
    (_, lines) => (isOwn(lines) ? 'the project itself could not be built' : undefined),
    'Read the log, and fix pyproject.toml or setup.py',
  ),
  notBuilt(/(?:ERROR: Failed building wheel for|Failed to build) '?([\w.-]+)/),
  notBuilt(notMade, 'a package could not be built'),
];

/** Whether it is the project itself, which is built from a folder; "Collecting" names what is fetched. */
function isOwn(lines: readonly string[]): boolean {
  const own = lines.findLastIndex((line) => /^\s*(?:Processing|Obtaining) (?:file:\/\/)?\/\S*[^/\s]$/.test(line));
  return own > lines.findLastIndex((line) => /^\s*Collecting \S/.test(line));
}
