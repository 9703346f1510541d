import { access, commit, network, notBuilt, ownScript, type Rule, tool, whileInstalling } from '../blame.ts';

/** The codes of pnpm: https://pnpm.io/errors */
export const pnpm: readonly Rule[] = [
  commit(
    /ERR_PNPM_(?:OUTDATED_LOCKFILE|FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE|NO_LOCKFILE|LOCKFILE_CONFIG_MISMATCH)\b/,
    'pnpm-lock.yaml does not fit package.json',
    'Run `pnpm install` and commit pnpm-lock.yaml',
  ),
  commit(
    /ERR_PNPM_(?:LOCKFILE_BREAKING_CHANGE|BROKEN_LOCKFILE)\b/,
    'pnpm cannot use pnpm-lock.yaml: another version of pnpm wrote it',
    'Name that version as `packageManager` in package.json, or run `pnpm install` and commit pnpm-lock.yaml',
  ),
  commit(
    /ERR_PNPM_FETCH_404\b.* GET (\S+): /,
    'pnpm finds nothing at $1',
    'Correct the name in package.json, or give the job credentials if the package is private',
  ),
  commit(
    /ERR_PNPM_NO_MATCHING_VERSION(?:_INSIDE_WORKSPACE)?\b.*No matching version found for (\S+)/,
    'pnpm finds no version $1 in the registry',
    'Correct the version in package.json',
  ),
  commit(
    /ERR_PNPM_(?:WORKSPACE_PKG_NOT_FOUND|PEER_DEP_ISSUES|JSON_PARSE|BAD_PACKAGE_JSON|INVALID_\w+)\b\s*(.*)$/,
    'pnpm refuses package.json: $1',
    'Correct it as the log says',
  ),
  access(/ERR_PNPM_FETCH_40[13]\b.* GET (\S+): /, 'pnpm has no access to $1'),
  network(/ERR_PNPM_(?:META_FETCH_FAIL|FETCH_\d+|TARBALL_FETCH)\b\s*(.*)$/, 'pnpm cannot reach the registry: $1'),
  tool(
    /ERR_PNPM_(?:UNSUPPORTED_ENGINE|BAD_PM_VERSION|OTHER_PM_EXPECTED)\b\s*(.*)$/,
    'pnpm or Node has another version than the project needs: $1',
    'Install it on the runner',
  ),
  notBuilt(/node_modules\/((?:@[^/\s]+\/)?[^/\s]+) (?:pre|post)?install: Failed$/),
  whileInstalling(ownScript(/^\s*ELIFECYCLE\b.*Command failed with exit code (\d+)/)),
];
