import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { ConfigEntry } from './access.ts';
import { configValue } from './config-file.ts';
import { lfsFilter, lfsStorage, needsLfs, refuseLfs, requireLfs } from './lfs.ts';
import type { Mirror } from './mirror.ts';
import { type GitOptions, git } from './run.ts';

/**
 * Where there are many files, several processes write them: on two cores 20,000 files of 300 MB take 4.2 s instead of
 * 7.0 s. Few are written sooner than these processes have begun.
 */
const sideBySide: readonly ConfigEntry[] = [
  ['checkout.workers', String(Math.min(availableParallelism(), 8))],
  ['checkout.thresholdForParallelism', '1000'],
];

export interface CheckoutTarget {
  /** where the repository is, as people see it */
  url: string;
  /** full name; a branch is made for `refs/heads/…`, anything else is checked out detached */
  ref: string;
  sha: string;
  /** does not exist yet, or is empty */
  folder: string;
}

/**
 * Checks a commit out into a new folder, as a repository of its own that borrows the mirror's objects. The repository
 * is laid out by hand (see gitrepository-layout(5)): that costs no process, and nothing of a template or of an earlier
 * job can be in it.
 * Files that are kept in Git LFS are fetched, too.
 * @throws VoltError `fetch_failed`, `commit_missing`, `git_failed`, `tool_missing` where git-lfs is needed and not there
 */
export async function checkOut(mirror: Mirror, target: CheckoutTarget, options: GitOptions = {}): Promise<void> {
  const { url, ref, sha, folder } = target;
  const dir = join(folder, '.git');
  // before anything borrows from it: a mirror that is in use is not removed
  await mirror.noteUse();
  await mkdir(join(dir, 'objects', 'info'), { recursive: true });
  await mkdir(join(dir, 'refs', 'tags'), { recursive: true });
  await writeFile(join(dir, 'objects', 'info', 'alternates'), `${join(mirror.path, 'objects')}\n`);
  await writeFile(join(dir, 'config'), configuration(url, sha));
  if (ref.startsWith('refs/heads/')) {
    await mkdir(dirname(join(dir, ref)), { recursive: true });
    await writeFile(join(dir, ref), `${sha}\n`);
    await writeFile(join(dir, 'HEAD'), `ref: ${ref}\n`);
  } else {
    await mkdir(join(dir, 'refs', 'heads'), { recursive: true });
    await writeFile(join(dir, 'HEAD'), `${sha}\n`);
  }
  await populate(mirror, target, options);
}

async function populate(mirror: Mirror, target: CheckoutTarget, options: GitOptions): Promise<void> {
  const { url, sha, folder } = target;
  // what is in the mirror needs no credential, so none is asked for
  const { access, ...local } = options;
  const write = (config: readonly ConfigEntry[], more: GitOptions) =>
    git(folder, ['reset', '--hard', sha, '--'], { silence: 600_000, ...more, config: [...sideBySide, ...config] });
  const writeWithout = () => write(refuseLfs, local);
  try {
    await writeWithout().catch(async (error) => {
      if (needsLfs(error) || (await mirror.has(sha))) throw error;
      await mirror.require(sha, options);
      await writeWithout();
    });
  } catch (error) {
    if (!needsLfs(error)) throw error;
    await requireLfs(folder, local);
    const config = join(folder, '.git', 'config');
    await writeFile(config, configuration(url, sha, [...lfsFilter, ...lfsStorage(mirror.path)]));
    await write([], options);
    // what a job fetches by itself is its own
    await writeFile(config, configuration(url, sha, lfsFilter));
  }
}

/** @param more further lines */
function configuration(url: string, sha: string, more: readonly string[] = []): string {
  const sha256 = sha.length === 64;
  return [
    '[core]',
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = false',
    '\tlogallrefupdates = true',
    ...(sha256 ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '[remote "origin"]',
    `\turl = ${configValue(url)}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[gc]',
    '\tauto = 0',
    ...more,
    '',
  ].join('\n');
}
