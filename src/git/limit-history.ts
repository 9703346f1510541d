import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import type { Mirror } from './mirror/mirror.ts';
import { ignoreLongRefNames } from './remote/fetch-errors.ts';

/**
 * Gives a checkout the history that `actions/checkout` gives: only the last commits, or the whole history with all branches
 * and tags. Objects come from the mirror, so no network is needed.
 * @param folder from `checkOut`, which gives it the whole history of the commit
 * @param depth number of commits; 0 for the whole history
 * @param tags whether to fetch tags also with a depth
 */
export async function limitHistory(
  mirror: Mirror,
  target: { folder: string; sha: string; depth: number; tags: boolean },
  options: GitOptions = {},
): Promise<void> {
  const { folder, sha, depth, tags } = target;
  // reading the mirror needs no credential
  const fetch = (...args: string[]) =>
    git(folder, ['fetch', '--progress', '--no-auto-maintenance', '--no-write-fetch-head', ...args], {
      silence: 600_000,
      ...withoutRemote(options),
      plain: true,
    });
  const allTags = '+refs/tags/*:refs/tags/*';
  if (depth === 0) {
    await fetch('--no-tags', '--', mirror.path, '+refs/heads/*:refs/remotes/origin/*', allTags).catch(
      ignoreLongRefNames,
    );
    return;
  }
  // git takes the commits in this file for ones without parents; see gitrepository-layout(5)
  if (depth === 1 && !tags) await writeFile(join(folder, '.git', 'shallow'), `${sha}\n`);
  // in one fetch, since each fetch cuts the history at its own depth
  else await fetch('--no-tags', `--depth=${depth}`, '--', `file://${mirror.path}`, sha, ...(tags ? [allTags] : []));
}
