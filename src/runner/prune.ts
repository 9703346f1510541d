import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pruneImages, type RemovedImage } from '../engine/prune-images.ts';
import { type MirrorOnDisk, pruneMirrors } from '../git/mirror/prune.ts';
import { removeFormerActions } from '../job/actions/store.ts';
import { hasOlderHomes, homeFolders, pruneHomes, type RemovedHome } from '../job/sandbox/homes.ts';
import { removeLeftJobs } from '../job/sandbox/job-paths.ts';
import { pruneArtifacts, type RemovedArtifacts } from '../job/storage/artifacts.ts';
import {
  type Removed,
  removeForeign,
  removeLeastRecentlyUsed,
  removeSurplus,
} from '../job/storage/least-recently-used.ts';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import { bytesOnDisk } from '../system/disk-use.ts';
import { modifiedAt } from '../system/modified-at.ts';
import { removeContested } from '../system/remove-tree.ts';
import type { DiskProblem } from './disk-watch.ts';
import { takeIfFree } from './work-folder.ts';

/** What was removed, or would be in a dry run. */
export interface PrunedMachine {
  mirrors: MirrorOnDisk[];
  /** folders of runners that have not run for long, with what they have not reported */
  workFolders: { name: string; bytes: number }[];
  caches: { key: string; bytes: number }[];
  /** Python environments and `node_modules` folders */
  installs: Removed[];
  artifacts: RemovedArtifacts[];
  /** homes of repositories, with everything that their jobs have left there */
  homes: RemovedHome[];
  /** of containers */
  images: RemovedImage[];
}

/**
 * Removes what has not been used for as long as the settings say: mirrors, homes of repositories and folders of
 * runners; and caches, artifacts and images beyond the settings' limits.
 * @param warn takes a sentence about what could not be removed; the rest is removed all the same
 * @param now milliseconds since 1970
 * @param known keys of all repositories, if the caller knows them: homes and caches of others are removed
 */
export async function pruneMachine(
  config: Config,
  warn: (message: string) => void,
  dryRun = false,
  now = Date.now(),
  known?: ReadonlySet<string>,
): Promise<PrunedMachine> {
  const paths = dataPaths(config.dataDir);
  const bounds = { days: config.keepMirrorDays, limit: config.mirrorLimit * 1_073_741_824 };
  const { keepArtifactDays: days } = config;
  return {
    mirrors: await pruneMirrors(paths.mirrors, bounds, dryRun, now),
    workFolders:
      config.keepWorkDays === 0 ? [] : await pruneWorkFolders(config.dataDir, config.keepWorkDays, dryRun, now),
    caches: [
      ...(await removeForeign(paths.caches, (key) => (known ? known.has(key) : isCurrent(key)), dryRun)),
      ...(await removeSurplus(paths.caches, config.cacheLimit * 1_073_741_824, dryRun, now)),
    ].map(({ what: key, bytes }) => ({ key, bytes })),
    installs: [
      ...(await removeForeign(paths.installs, (key) => !known || known.has(key), dryRun)),
      ...(await removeSurplus(paths.installs, config.installLimit * 1_073_741_824, dryRun, now)),
    ],
    artifacts: days === 0 ? [] : await pruneArtifacts(await foldersIn(paths.artifacts), days, dryRun, now),
    homes: await pruneHomes(
      config.dataDir,
      { days: config.keepHomeDays, limit: config.homeLimit * 1_073_741_824, known },
      dryRun,
      now,
      warn,
    ),
    images: await pruneImages(config, dryRun, now).catch((error) => {
      warn(`cannot remove images: ${errorText(error)}`);
      return [];
    }),
  };
}

/** Whether a folder of caches is of one repository; in those of older versions, all of one name shared them. */
function isCurrent(key: string): boolean {
  return key.includes('+');
}

/** Whether an older version of Volt has left homes or caches. */
export async function hasOlder({ dataDir }: Pick<Config, 'dataDir'>): Promise<boolean> {
  const caches = await removeForeign(dataPaths(dataDir).caches, isCurrent, true);
  return caches.length > 0 || hasOlderHomes(dataDir);
}

/**
 * Removes homes and caches of older versions of Volt, which all refs of a repository, and all repositories of one name,
 * shared; and actions that were fetched with the credentials of the machine's user.
 * @param warn takes a sentence about what could not be removed
 */
export async function removeOlder(
  { dataDir }: Pick<Config, 'dataDir'>,
  warn: (message: string) => void,
): Promise<{ homes: RemovedHome[]; caches: Removed[] }> {
  const homes = await pruneHomes(dataDir, {}, false, Date.now(), warn);
  await removeFormerActions(dataPaths(dataDir).actions);
  return { homes, caches: await removeForeign(dataPaths(dataDir).caches, isCurrent, false) };
}

/**
 * Removes what jobs have installed, and homes of repositories, from a full disk, the least recently used first.
 * @param warn takes a sentence about what could not be removed
 * @returns what was removed
 */
export async function freeDisk(
  { dataDir }: Pick<Config, 'dataDir'>,
  { bytes, device }: NonNullable<DiskProblem['short']>,
  warn: (message: string) => void,
): Promise<{ installs: Removed[]; homes: RemovedHome[] }> {
  const isThere = async (folders: string[]) =>
    device !== undefined && (await Promise.all(folders.map(deviceOf))).includes(device);
  const paths = dataPaths(dataDir);
  const installs = (await isThere([paths.installs])) ? await removeLeastRecentlyUsed(paths.installs, bytes) : [];
  const needed = installs.reduce((left, removed) => left - removed.bytes, bytes);
  if (needed <= 0 || !(await isThere(homeFolders(dataDir)))) return { installs, homes: [] };
  return { installs, homes: await pruneHomes(dataDir, { needed }, false, Date.now(), warn) };
}

/** @returns undefined where there is no such folder */
async function deviceOf(folder: string): Promise<number | undefined> {
  return stat(folder).then(
    ({ dev }) => dev,
    () => undefined,
  );
}

async function foldersIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [] as string[])).map((name) => join(folder, name));
}

async function pruneWorkFolders(
  dataDir: string,
  days: number,
  dryRun: boolean,
  now: number,
): Promise<PrunedMachine['workFolders']> {
  const { work } = dataPaths(dataDir);
  const removed: PrunedMachine['workFolders'] = [];
  for (const name of await readdir(work).catch(() => [] as string[])) {
    const path = join(work, name);
    if (now - (await lastUse(path)) < days * 86_400_000) continue;
    const bytes = await bytesOnDisk([path], 600_000);
    const folder = await takeIfFree(work, name);
    if (!folder) continue;
    if (!dryRun) {
      await removeLeftJobs(dataDir, name);
      await removeContested(path);
    }
    folder.release();
    removed.push({ name, bytes });
  }
  return removed;
}

/** A runner sets the time of its folder at its start and end, and that of the spool folder with each attempt. */
async function lastUse(path: string): Promise<number> {
  const times = await Promise.all([path, join(path, 'spool')].map(modifiedAt));
  return Math.max(...times.map((time) => time ?? 0));
}
