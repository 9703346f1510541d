import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../kernel/errors.ts';
import { bytesOnDisk } from '../../system/disk-use.ts';
import { removeContested, removeTree } from '../../system/remove-tree.ts';
import { asides, isUnused, lastUse, moveUnusedAside, namesIn } from './home-use.ts';
import { jobPaths } from './job-paths.ts';
import { trialPrefix } from './overlay-check.ts';

/** Milliseconds. */
const longestTrial = 3_600_000;

/** Milliseconds; a home may have millions of files. */
const longestCount = 600_000;

export interface RemovedHome {
  /** whose class of refs had it */
  repository: string;
  bytes: number;
}

interface Home {
  name: string;
  bytes: number;
  /** milliseconds since 1970 */
  usedAt: number;
}

/** Which homes go. What a job has never does. */
export interface HomeBounds {
  /** days without a job; 0 for no bound */
  days?: number;
  /** bytes that all may have together, of which those go first that were used the longest ago; 0 for no bound */
  limit?: number;
  /** bytes that are missing on the disk, likewise */
  needed?: number;
  /** homes that are kept, of which those go first that were used the longest ago */
  most?: number;
  /** keys of the repositories that there are; without it, any */
  known?: ReadonlySet<string> | undefined;
}

/**
 * Removes homes that are not kept, and those of an older Volt, which refs of one repository shared whatever they were
 * trusted with. They are caches: a job without one finds it empty.
 * @param now milliseconds since 1970
 * @param warn is told what could not be removed, which holds up nothing else
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
    // those that an earlier process was killed over, too
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

/** The device of the homes may be another one than that which is short. */
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

/** Homes are named by the key of the repository and the class of its refs; an older Volt named them as the repository. */
function isOlder(home: string): boolean {
  return !home.includes('+');
}

function repositoryOf(home: string): string {
  return home.split('+')[0] ?? home;
}

function repositoryKeyIn(home: string): string {
  return home.split('+').slice(0, 2).join('+');
}

/** A process may have been killed over one. */
async function removeTrials(homes: string, now: number): Promise<void> {
  for (const name of (await namesIn(homes)).filter((each) => each.startsWith(trialPrefix))) {
    const path = join(homes, name);
    const begun = await stat(path).catch(() => undefined);
    if (begun && now - begun.mtimeMs > longestTrial) await removeTree(path);
  }
}
