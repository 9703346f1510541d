import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import { checkSize } from './checkout-bounds.ts';
import { type GitOptions, git, withoutRemote } from './command/git.ts';
import { retryTransfer } from './remote/fetch-errors.ts';
import { checkRefName } from './remote/ref-names.ts';
import { firstRemoteRef } from './remote/remote-refs.ts';

/**
 * The commit that a branch or tag of a repository points to now. A tag takes precedence over a branch of the same name.
 * @returns undefined where there is none
 * @throws VoltError `bad_ref`, `git_failed`
 */
export async function remoteCommit(url: string, ref: string, options: GitOptions = {}): Promise<string | undefined> {
  checkRefName(ref);
  const names = ref.startsWith('refs/') ? [ref] : [`refs/tags/${ref}`, `refs/heads/${ref}`];
  return (await firstRemoteRef(url, names, options))?.sha;
}

/** Limits of an action's files and of the bytes of their paths: each job that uses it has its own copy. */
const most = { entries: 100_000, bytes: 16_777_216 };

/**
 * Fetches the files of one commit, without history, into a new folder that is not a repository.
 * @param folder does not exist yet
 * @throws VoltError `commit_missing` where the id does not name a commit, `too_large`, `git_failed`
 */
export async function fetchTree(url: string, sha: string, folder: string, options: GitOptions = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  const format = sha.length === 64 ? ['--object-format=sha256'] : [];
  const local = { ...withoutRemote(options), plain: true };
  await git(folder, ['init', '--quiet', ...format], local);
  const fetch = ['fetch', '--progress', '--depth=1', '--no-tags', '--no-auto-maintenance', '--', url, sha];
  await retryTransfer(() => git(folder, fetch, options), options);
  const fetched = (await git(folder, ['rev-parse', 'FETCH_HEAD^{commit}'], local)).trim();
  if (fetched !== sha) {
    throw new VoltError('commit_missing', `${sha} is not the id of a commit, but leads to ${fetched}`, {
      remedy: `Name the commit: ${fetched}.`,
    });
  }
  await checkSize(folder, sha, local, most);
  await git(folder, ['reset', '--hard', sha, '--'], local);
  await rm(join(folder, '.git'), { recursive: true, force: true });
}
