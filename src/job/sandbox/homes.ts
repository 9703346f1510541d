import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../kernel/errors.ts';
import { bytesOnDisk } from '../../system/disk-use.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { asides, isUnused, lastUse, moveUnusedAside, namesIn } from './home-use.ts';
import { jobPaths } from './job-paths.ts';
import { trialPrefix } from './overlay-check.ts';

/** Milliseconds after which the folder of a trial is left over. */
const longestTrial = 3_600_000;

/** Milliseconds for counting the bytes of a home, which may have millions of files. */
const longestCount = 600_000;

export interface RemovedHome {
  /** its repository */
  repository: string;
  bytes: number;
}

interface Home {
  name: string;
  bytes: number;
  /** milliseconds since 1970 */
  usedAt: number;
}

/** Which homes are removed. Homes in use never are. */
export interface HomeBounds {
  /** days without a job; 0 for no limit */
  days?: number;
  /** most bytes of all homes; the least recently used are removed first; 0 for no limit */
  limit?: number;
  /** bytes to free; the least recently used are removed first; 0 for none */
  needed?: number;
  /** most homes; the least recently used are removed first */
  most?: number;
  /** keys of the repositories that exist: homes of others are removed; undefined to keep them */
  known?: ReadonlySet<string> | undefined;
}

/**
 * Removes homes beyond the limits, and those of an older Volt, which all refs of a repository shared. Homes are caches: the next job
 * gets an empty one.
 * @param now milliseconds since 1970
 * @param warn gets what could not be removed; the rest is removed all the same
 */
export async function pruneHomes(
  dataDir: string,
  bounds: HomeBounds,
  dryRun: boolean,
  now: number,
  warn: (message: string) => void,
): Promise<RemovedHome[]> {
  const removed: RemovedHome[] = [];
  for (const homes of homeFolders(dataDir)) {
    const move = (home: Home) => (dryRun ? isUnused(homes, home.name) : moveUnusedAside(homes, home, warn));
    const gone = await moveSurplus(homes, bounds, now, move);
    removed.push(...gone.map(({ name, bytes }) => ({ repository: repositoryOf(name), bytes })));
    if (!dryRun) await removeTrials(homes, now);
    // also what a killed process left
    for (const name of dryRun ? [] : await namesIn(asides(homes))) {
      const path = join(asides(homes), name);
      await removeContested(path).catch((error) => warn(`could not remove ${path}: ${errorText(error)}`));
    }
  }
  return removed;
}

/** Whether there are homes of an older Volt. */
export async function hasOlderHomes(dataDir: string): Promise<boolean> {
  const names = await Promise.all(homeFolders(dataDir).map(namesIn));
  return names.flat().some((name) => !name.startsWith('.') && isOlder(name));
}

/** The folders of homes. They may be on another disk than the full one. */
export function homeFolders(dataDir: string): string[] {
  return (['sandbox', 'user'] as const).map((level) => jobPaths(level, dataDir, '').homes).filter(existsSync);
}

/** @param move moves a home away, and says whether it is gone */
async function moveSurplus(
  homes: string,
  { days = 0, limit = 0, needed = 0, most = Number.POSITIVE_INFINITY, known }: HomeBounds,
  now: number,
  move: (home: Home) => Promise<boolean>,
): Promise<Home[]> {
  const names = (await namesIn(homes)).filter((name) => !name.startsWith('.'));
  const dated = await Promise.all(names.map(async (name) => ({ name, usedAt: await lastUse(homes, name) })));
  dated.sort((a, b) => a.usedAt - b.usedAt);
  const measured = limit > 0 || needed > 0;
  const all: Home[] = [];
  for (const { name, usedAt } of dated)
    all.push({ name, usedAt, bytes: measured ? await bytesOnDisk([join(homes, name)], longestCount) : 0 });
  let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  let missing = needed;
  let count = all.length;
  const surplus: Home[] = [];
  for (const home of all) {
    const old = days > 0 && now - home.usedAt > days * 86_400_000;
    const gone = isOlder(home.name) || (known !== undefined && !known.has(repositoryKeyIn(home.name)));
    const large = (limit > 0 && total > limit) || missing > 0 || count > most;
    if (!old && !gone && !large) continue;
    const bytes = measured ? home.bytes : await bytesOnDisk([join(homes, home.name)], longestCount);
    if (!(await move(home))) continue;
    count -= 1;
    total -= bytes;
    missing -= bytes;
    surplus.push({ ...home, bytes });
  }
  return surplus;
}

/** A home is named after the key of its repository and its trust class; an older Volt used the name of the repository. */
function isOlder(home: string): boolean {
  return !home.includes('+');
}

function repositoryOf(home: string): string {
  return home.split('+')[0] ?? home;
}

function repositoryKeyIn(home: string): string {
  return home.split('+').slice(0, 2).join('+');
}

/** Removes folders of trials that a killed process left. */
async function removeTrials(homes: string, now: number): Promise<void> {
  for (const name of (await namesIn(homes)).filter((each) => each.startsWith(trialPrefix))) {
    const path = join(homes, name);
    const begun = await stat(path).catch(() => undefined);
    if (begun && now - begun.mtimeMs > longestTrial) await removeTree(path);
  }
}
