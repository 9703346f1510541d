import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationLevel } from '../../exec/isolation.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';

/** Folders of the jobs of one runner. */
export interface JobPaths {
  /** has a folder for each job of the runner */
  jobs: string;
  /** at `user`, has the folders of all runners' jobs, which may have the same user ids: only root can enter it */
  among: string | undefined;
  /** kept checkouts, on the same file system, closed to jobs */
  trees: string;
  /** files that all jobs of the runner can read */
  shared: string;
  /** homes, see homes.ts */
  homes: string;
}

/** Folder of the jobs at level `user`, with a folder for each data directory. */
export const openTop = '/var/tmp/volt-jobs';

/**
 * The folders of a runner's jobs. At `user` they are outside of the data directory, which jobs must not reach.
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

/** The folder of a data directory's jobs at level `user`. */
export function openArea(dataDir: string): string {
  return join(openTop, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
}

/**
 * Makes the folders above the folders of jobs.
 * @throws VoltError `isolation_unavailable` where others can change them
 */
export function makeJobFolders(dataDir: string, { jobs, among }: JobPaths): void {
  if (among !== undefined) {
    for (const folder of [openTop, openArea(dataDir), among, jobs]) makeOpenFolder(folder);
    chmodSync(among, 0o700);
  } else mkdirSync(jobs, { recursive: true, mode: 0o711 });
}

/**
 * Removes what the jobs of a runner that has ended left: shared files and, at level `user`, their folders and
 * kept checkouts.
 * @param runner its name
 */
export async function removeLeftJobs(dataDir: string, runner: string): Promise<void> {
  await removeTree(jobPaths('sandbox', dataDir, runner).shared);
  // only root has made any
  if (process.getuid?.() !== 0) return;
  const { jobs, trees, shared } = jobPaths('user', dataDir, runner);
  await removeTree(shared);
  // jobs of other runners of this data directory may have the same user ids
  await Promise.all([removeContested(jobs), removeContested(trees)]);
}

/** @throws VoltError `isolation_unavailable` where others than root can change it */
export function makeOpenFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return;
  throw new VoltError('isolation_unavailable', `${folder} must be a folder of root that nobody else can change`, {
    remedy: 'Check what it is, and remove it.',
  });
}
