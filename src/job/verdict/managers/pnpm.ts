import { ofAccess, ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** The codes of pnpm: https://pnpm.io/errors */
export const pnpm: readonly Rule[] = [
  {
    line: /ERR_PNPM_(?:OUTDATED_LOCKFILE|FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE|NO_LOCKFILE|LOCKFILE_CONFIG_MISMATCH)\b/,
    blame: () => ofCommit('pnpm-lock.yaml does not fit package.json', 'Run `pnpm install` and commit pnpm-lock.yaml'),
  },
  {
    line: /ERR_PNPM_(?:LOCKFILE_BREAKING_CHANGE|BROKEN_LOCKFILE)\b/,
    blame: () =>
      ofCommit(
        'pnpm cannot use pnpm-lock.yaml: another version of pnpm wrote it',
        'Name that version as `packageManager` in package.json, or run `pnpm install` and commit pnpm-lock.yaml',
      ),
  },
  {
    line: /ERR_PNPM_FETCH_404\b.* GET (\S+): /,
    blame: ([url]) =>
      ofCommit(
        `pnpm finds nothing at ${url}`,
        'Correct the name in package.json, or give the job credentials if the package is private',
      ),
  },
  {
    line: /ERR_PNPM_NO_MATCHING_VERSION(?:_INSIDE_WORKSPACE)?\b.*No matching version found for (\S+)/,
    blame: ([name]) => ofCommit(`pnpm finds no version ${name} in the registry`, 'Correct the version in package.json'),
  },
  {
    line: /ERR_PNPM_(?:WORKSPACE_PKG_NOT_FOUND|PEER_DEP_ISSUES|JSON_PARSE|BAD_PACKAGE_JSON|INVALID_\w+)\b\s*(.*)$/,
    blame: ([said]) => ofCommit(`pnpm refuses package.json: ${said}`, 'Correct it as the log says'),
  },
  {
    line: /ERR_PNPM_FETCH_40[13]\b.* GET (\S+): /,
    blame: ([url]) => ofAccess(`pnpm has no access to ${url}`),
  },
  {
    line: /ERR_PNPM_(?:META_FETCH_FAIL|FETCH_\d+|TARBALL_FETCH)\b\s*(.*)$/,
    blame: ([said]) => ofNetwork(`pnpm cannot reach the registry: ${said}`),
  },
  {
    line: /ERR_PNPM_(?:UNSUPPORTED_ENGINE|BAD_PM_VERSION|OTHER_PM_EXPECTED)\b\s*(.*)$/,
    blame: ([said]) =>
      ofTool(`pnpm or Node has another version than the project needs: ${said}`, 'Install it on the runner'),
  },
  {
    line: /node_modules\/((?:@[^/\s]+\/)?[^/\s]+) (?:pre|post)?install: Failed$/,
    blame: ([name]) =>
      ofMachine(
        `the package ${name} could not be built`,
        'Install the compilers and libraries that it needs on the runner; the log names them',
      ),
  },
  {
    installing: true,
    line: /^\s*ELIFECYCLE\b.*Command failed with exit code (\d+)/,
    blame: ([code]) =>
      ofCommit(`the project's own script failed during the installation with code ${code}`, 'Read the log, and fix it'),
  },
];
