import { ofAccess, ofCommit, ofMachine, ofNetwork, type Rule } from '../blame.ts';

/** `bun install`. */
export const bun: readonly Rule[] = [
  {
    line: /^error: lockfile had changes, but lockfile is frozen/,
    blame: () => ofCommit('bun.lock does not fit package.json', 'Run `bun install` and commit bun.lock'),
  },
  {
    line: /^error: No version matching "([^"]+)" found for specifier "([^"]+)"/,
    blame: ([range, name]) =>
      ofCommit(`bun finds no version ${name}@${range} in the registry`, 'Correct the version in package.json'),
  },
  {
    line: /^error: GET \S+\/([^/\s]+) - 404/,
    blame: ([name]) =>
      ofCommit(
        `bun cannot find the package ${name} in the registry`,
        'Correct its name in package.json, or give the job credentials if it is private',
      ),
  },
  { line: /^error: GET (\S+) - (40[13])/, blame: ([url, code]) => ofAccess(`bun has no access to ${url} (${code})`) },
  { line: /^error: GET (\S+) - (\d+)/, blame: ([url, code]) => ofNetwork(`bun got ${code} from ${url}`) },
  {
    line: /^error: (\w+ downloading (?:package manifest|tarball) \S+)/,
    blame: ([said]) => ofNetwork(`bun cannot reach the registry: ${said}`),
  },
  {
    line: /^error: prepare script from "([^"]+)" exited with (\d+)/,
    blame: ([, code]) =>
      ofCommit(`the project's own script "prepare" failed with code ${code}`, 'Read the log, and fix it'),
  },
  {
    line: /^error: (\w+) script from "([^"]+)" exited with \d+/,
    blame: ([script, name]) =>
      ofMachine(
        `the script "${script}" of the package ${name} failed`,
        'Install the compilers and libraries that it needs on the runner; the log names them',
      ),
  },
];
