import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bearLongNames } from './fetch-faults.ts';
import type { Mirror } from './mirror.ts';
import { type GitOptions, git, locally } from './run.ts';

/**
 * Gives a checkout the history that `actions/checkout` would: that of the last commits only, or all of it with all
 * branches and tags. Objects come from the mirror, so no network is needed.
 * @param folder checked out by `checkOut`, in which all of the commit's own history can be seen
 * @param depth number of commits; 0 for everything
 * @param tags whether tags are wanted also where not everything is
 */
export async function limitHistory(
  mirror: Mirror,
  target: { folder: string; sha: string; depth: number; tags: boolean },
  options: GitOptions = {},
): Promise<void> {
  const { folder, sha, depth, tags } = target;
  // what is in the mirror needs no credential, so none is asked for
  const fetch = (...args: string[]) =>
    git(folder, ['fetch', '--progress', '--no-auto-maintenance', '--no-write-fetch-head', ...args], {
      silence: 600_000,
      ...locally(options),
      plain: true,
    });
  const allTags = '+refs/tags/*:refs/tags/*';
  if (depth === 0) {
    await fetch('--no-tags', '--', mirror.path, '+refs/heads/*:refs/remotes/origin/*', allTags).catch(bearLongNames);
    return;
  }
  // what is named in this file has no parents, as far as git is concerned; see gitrepository-layout(5)
  if (depth === 1 && !tags) await writeFile(join(folder, '.git', 'shallow'), `${sha}\n`);
  // together, since each fetch lets history end where it has counted to itself
  else await fetch('--no-tags', `--depth=${depth}`, '--', `file://${mirror.path}`, sha, ...(tags ? [allTags] : []));
}
