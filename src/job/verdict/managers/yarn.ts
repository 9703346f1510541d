import { access, commit, machine, network, notBuilt, ownScript, type Rule, tool, whileInstalling } from '../blame.ts';

const lock = (line: RegExp) =>
  commit(line, 'yarn.lock does not fit package.json', 'Run `yarn install` and commit yarn.lock');
const unknown = (line: RegExp) =>
  commit(
    line,
    'yarn cannot find the package $1 in the registry',
    'Correct its name in package.json, or give the job credentials if it is private',
  );
const version = (line: RegExp, name = '$1') =>
  commit(line, `yarn finds no version ${name} in the registry`, 'Correct the version in package.json');

/** Yarn 1. */
const classic: readonly Rule[] = [
  lock(/^error Your lockfile needs to be updated, but yarn was run with/),
  unknown(/^error Couldn't find package "([^"]+)"/),
  unknown(/^error (?:An unexpected error occurred: )?"?https?:\/\/[^\s"]+\/([^/\s":]+): Not found"?/),
  version(/^error Couldn't find any versions for "([^"]+)" that matches "([^"]+)"/, '$1@$2'),
  tool(
    /^error (\S+: The engine "[^"]+" is incompatible with this module\. .*)$/,
    'yarn needs another version: $1',
    'Install it on the runner, or correct `engines` in package.json',
  ),
  access(/^error .*\b(401 Unauthorized|403 Forbidden)/, 'the registry of yarn refuses access: $1'),
  network(
    /^error (?:Error: |An unexpected error occurred: ")?(.*(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|certificate).*)$/,
    'yarn cannot reach the registry: $1',
  ),
  notBuilt(/^error \S*\/node_modules\/((?:@[^/\s:]+\/)?[^/\s:]+)(?:\/\S*)?: Command failed/),
  whileInstalling(ownScript(/^error Command failed with exit code (\d+)\./)),
];

/** Yarn 2 and later: https://yarnpkg.com/advanced/error-codes */
const berry: readonly Rule[] = [
  lock(/^➤ YN0028: .*The lockfile would have been (?:modified|created) by this install/),
  unknown(/^➤ YN0035: .*?([^\s│]+): Package not found/),
  version(/^➤ YN0082: .*?([^\s│]+): No candidates found/),
  version(/^➤ YN0016: .*?([^\s│]+): .*[Rr]ange .*not found/),
  machine(
    /^➤ YN0087: |^➤ YN0018: .*?([^\s│]+): .*checksum/,
    ([name]) => `yarn got ${name || 'a package'} with another checksum than that of yarn.lock`,
    'Check the mirror of the registry; if it is right, run `yarn install` and commit yarn.lock',
  ),
  access(/^➤ YN0041: (.*)$/, 'yarn has no access to the registry: $1'),
  network(/^➤ YN0001: .*?((?:RequestError|TimeoutError|HTTPError): .*)$/, 'yarn cannot reach the registry: $1'),
  ownScript(/^➤ YN0009: .*?[^\s│]+@workspace:\S* couldn't be built successfully \(exit code (\d+)/),
  notBuilt(/^➤ YN0009: .*?([^\s│]+)@\w+:\S* couldn't be built successfully \(exit code \d+/),
];

export const yarn: readonly Rule[] = [...classic, ...berry];
