import { ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

const lock = () => ofCommit('yarn.lock does not fit package.json', 'Run `yarn install` and commit yarn.lock');
const unknown = ([name]: string[]) =>
  ofCommit(
    `yarn cannot find the package ${name} in the registry`,
    'Correct its name in package.json, or give the job credentials if it is private',
  );
const version = ([name]: string[]) =>
  ofCommit(`yarn finds no version ${name} in the registry`, 'Correct the version in package.json');
const notBuilt = ([name]: string[]) =>
  ofMachine(
    `the package ${name} could not be built`,
    'Install the compilers and libraries that it needs on the runner; the log names them',
  );
const ownScript = ([code]: string[]) =>
  ofCommit(`the project's own script failed during the installation with code ${code}`, 'Read the log, and fix it');

/** Yarn 1. */
const classic: readonly Rule[] = [
  { line: /^error Your lockfile needs to be updated, but yarn was run with/, blame: lock },
  { line: /^error Couldn't find package "([^"]+)"/, blame: unknown },
  { line: /^error (?:An unexpected error occurred: )?"?https?:\/\/[^\s"]+\/([^/\s":]+): Not found"?/, blame: unknown },
  {
    line: /^error Couldn't find any versions for "([^"]+)" that matches "([^"]+)"/,
    blame: ([name, range]) => version([`${name}@${range}`]),
  },
  {
    line: /^error (\S+: The engine "[^"]+" is incompatible with this module\. .*)$/,
    blame: ([said]) =>
      ofTool(`yarn needs another version: ${said}`, 'Install it on the runner, or correct `engines` in package.json'),
  },
  {
    line: /^error .*\b(401 Unauthorized|403 Forbidden)/,
    blame: ([code]) => ofAccess(`the registry of yarn refuses access: ${code}`),
  },
  {
    line: /^error (?:Error: |An unexpected error occurred: ")?(.*(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|certificate).*)$/,
    blame: ([said]) => ofNetwork(`yarn cannot reach the registry: ${said}`),
  },
  {
    line: /^error \S*\/node_modules\/((?:@[^/\s:]+\/)?[^/\s:]+)(?:\/\S*)?: Command failed/,
    blame: notBuilt,
  },
  { installing: true, line: /^error Command failed with exit code (\d+)\./, blame: ownScript },
];

/** Yarn 2 and later: https://yarnpkg.com/advanced/error-codes */
const berry: readonly Rule[] = [
  { line: /^➤ YN0028: .*The lockfile would have been (?:modified|created) by this install/, blame: lock },
  { line: /^➤ YN0035: .*?([^\s│]+): Package not found/, blame: unknown },
  { line: /^➤ YN0082: .*?([^\s│]+): No candidates found/, blame: version },
  { line: /^➤ YN0016: .*?([^\s│]+): .*[Rr]ange .*not found/, blame: version },
  {
    line: /^➤ YN0087: |^➤ YN0018: .*?([^\s│]+): .*checksum/,
    blame: ([name]) =>
      ofMachine(
        `yarn got ${name || 'a package'} with another checksum than that of yarn.lock`,
        'Check the mirror of the registry; if it is right, run `yarn install` and commit yarn.lock',
      ),
  },
  { line: /^➤ YN0041: (.*)$/, blame: ([said]) => ofAccess(`yarn has no access to the registry: ${said}`) },
  {
    line: /^➤ YN0001: .*?((?:RequestError|TimeoutError|HTTPError): .*)$/,
    blame: ([said]) => ofNetwork(`yarn cannot reach the registry: ${said}`),
  },
  {
    line: /^➤ YN0009: .*?([^\s│]+)@(\w+):\S* couldn't be built successfully \(exit code (\d+)/,
    blame: ([name = '', protocol, code = '']) => (protocol === 'workspace' ? ownScript([code]) : notBuilt([name])),
  },
];

export const yarn: readonly Rule[] = [...classic, ...berry];
