import { access, commit, network, notBuilt, ownScript, type Rule } from '../blame.ts';

/** `bun install`. */
export const bun: readonly Rule[] = [
  commit(
    /^error: lockfile had changes, but lockfile is frozen/,
    'bun.lock does not fit package.json',
    'Run `bun install` and commit bun.lock',
  ),
  commit(
    /^error: No version matching "([^"]+)" found for specifier "([^"]+)"/,
    'bun finds no version $2@$1 in the registry',
    'Correct the version in package.json',
  ),
  commit(
    /^error: GET \S+\/([^/\s]+) - 404/,
    'bun cannot find the package $1 in the registry',
    'Correct its name in package.json, or give the job credentials if it is private',
  ),
  access(/^error: GET (\S+) - (40[13])/, 'bun has no access to $1 ($2)'),
  network(/^error: GET (\S+) - (\d+)/, 'bun got $2 from $1'),
  network(/^error: (\w+ downloading (?:package manifest|tarball) \S+)/, 'bun cannot reach the registry: $1'),
  ownScript(
    /^error: prepare script from "[^"]+" exited with (\d+)/,
    'the project\'s own script "prepare" failed with code $1',
  ),
  notBuilt(/^error: (\w+) script from "([^"]+)" exited with \d+/, 'the script "$1" of the package $2 failed'),
];
