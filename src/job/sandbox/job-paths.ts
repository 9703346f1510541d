import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel } from '../../exec/isolation.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';

/** Folders of jobs on this machine. */
export interface JobPaths {
  /** of the jobs of one runner, each with a folder in it */
  jobs: string;
  /** at `user`, where the jobs of all runners are, whose user ids may be the same: only root may enter it */
  among: string | undefined;
  /** of what one runner keeps of checkouts, on the same file system, and closed to jobs */
  trees: string;
  /** of files that all jobs of one runner see, and none can change */
  shared: string;
  /** of the homes of repositories, see homes.ts */
  homes: string;
}

/** Folders of jobs of other users, one for each data directory. */
export const openTop = '/var/tmp/volt-jobs';

/**
 * Where the jobs of a data directory's runner are. Those of another user must be able to reach theirs, and must not reach
 * the data directory.
 * @param runner its name
 */
export function jobPaths(level: IsolationLevel, dataDir: string, runner: string): JobPaths {
  const { work, homes } = dataPaths(dataDir);
  const own = join(work, runner);
  if (level !== 'user')
    return { jobs: join(own, 'jobs'), among: undefined, trees: join(own, 'trees'), shared: join(own, 'shared'), homes };
  const area = openArea(dataDir);
  const at = (name: string) => join(area, name, runner);
  const among = join(area, 'jobs');
  return { jobs: at('jobs'), among, trees: at('trees'), shared: at('shared'), homes: join(area, 'homes') };
}

/** What jobs of other users have of this machine for a data directory. */
export function openArea(dataDir: string): string {
  return join(openTop, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
}

/**
 * Makes what is above the folders of jobs.
 * @throws VoltError `isolation_unavailable` where it is not Volt's alone
 */
export function makeJobFolders(dataDir: string, { jobs, among }: JobPaths): void {
  if (among !== undefined) {
    for (const folder of [openTop, openArea(dataDir), among, jobs]) makeOpenFolder(folder);
    chmodSync(among, 0o700);
  } else mkdirSync(jobs, { recursive: true, mode: 0o711 });
}

/**
 * Forgets the jobs of a runner that has ended: which homes they had, what they have seen, and what they have left, and was
 * kept for them, where those of other users are. @param runner its name
 */
export async function removeLeftJobs(dataDir: string, runner: string): Promise<void> {
  await removeTree(jobPaths('sandbox', dataDir, runner).shared);
  // nobody else has made any
  if (process.getuid?.() !== 0) return;
  const { jobs, trees, shared } = jobPaths('user', dataDir, runner);
  await removeTree(shared);
  // jobs that other runners of this data directory have may be those of the same users
  await Promise.all([removeContested(jobs), removeContested(trees)]);
}

/** @throws VoltError `isolation_unavailable` where it is not root's alone */
export function makeOpenFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new VoltError('isolation_unavailable', `${folder} must be a folder of root that nobody else can change`, {
    remedy: 'See what it is, and remove it.',
  });
}
