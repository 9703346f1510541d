import { join } from 'node:path';
import { VoltError } from '../kernel/errors.ts';
import type { ConfigEntry } from './access.ts';
import { configValue } from './config-file.ts';
import { type GitOptions, git } from './run.ts';

/**
 * A filter that ends git at the first file that is kept in Git LFS. What the attributes of a commit say of its files is
 * known only when they are written, so this is how a commit that needs LFS is told from one that does not, at no cost
 * for the latter. The user's own filter of that name does not count meanwhile.
 */
export const refuseLfs: readonly ConfigEntry[] = [
  ['filter.lfs.process', ''],
  ['filter.lfs.smudge', 'false'],
  ['filter.lfs.clean', 'false'],
  ['filter.lfs.required', 'true'],
];

/** Whether git was ended by that filter. */
export function needsLfs(error: unknown): boolean {
  return error instanceof VoltError && /smudge filter lfs failed/.test(error.message);
}

/** The filter that fetches files from Git LFS, as lines of a repository's configuration file. */
export const lfsFilter: readonly string[] = [
  '[filter "lfs"]',
  '\tprocess = git-lfs filter-process',
  '\tsmudge = git-lfs smudge -- %f',
  '\tclean = git-lfs clean -- %f',
  '\trequired = true',
];

/**
 * Lines that have git-lfs keep what it fetches beside a mirror, where all checkouts of the repository find it. They must
 * be in a file: in the environment they would hold for a repository on this machine as well, which is fetched from.
 */
export function lfsStorage(mirrorPath: string): string[] {
  return ['[lfs]', `\tstorage = ${configValue(join(mirrorPath, 'lfs'))}`];
}

/** @throws VoltError `tool_missing` where git-lfs is not installed */
export async function requireLfs(folder: string, options: GitOptions): Promise<void> {
  await git(folder, ['lfs', 'version'], { signal: options.signal }).catch((error) => {
    if (options.signal?.aborted) throw error;
    throw new VoltError('tool_missing', 'the commit keeps files in Git LFS, and git-lfs is not on this machine', {
      remedy: 'Install it where runners are (Debian, Ubuntu: apt-get install git-lfs).',
      cause: error,
    });
  });
}
