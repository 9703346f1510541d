import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../../kernel/data-paths.ts';
import { folderBytes } from '../../kernel/disk.ts';
import { errorText } from '../../kernel/errors.ts';
import { removeContested } from '../../kernel/remove-tree.ts';
import { asides, homesInUse, lastUse, namesIn, setUnusedAside } from './home-use.ts';
import { jobPlaces } from './places.ts';

export interface RemovedHome {
  repository: string;
  bytes: number;
}

interface Home extends RemovedHome {
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
  /** names of the repositories that there are; without it, any */
  known?: ReadonlySet<string> | undefined;
}

/**
 * Removes homes of repositories that are not kept. They are caches: a job without one finds it empty.
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
    const { work } = dataPaths(dataDir);
    const surplus = await surplusOf(homes, work, bounds, now);
    const gone = dryRun || surplus.length === 0 ? surplus : await setUnusedAside(homes, work, surplus, warn);
    removed.push(...gone.map(({ repository, bytes }) => ({ repository, bytes })));
    // those that an earlier process was killed over, too
    for (const name of dryRun ? [] : await namesIn(asides(homes))) {
      const path = join(asides(homes), name);
      await removeContested(path).catch((error) => warn(`could not remove ${path}: ${errorText(error)}`));
    }
  }
  return removed;
}

/** The device of the homes may be another one than that which is short. */
export function homeFolders(dataDir: string): string[] {
  return (['sandbox', 'user'] as const).map((level) => jobPlaces(level, dataDir, '').homes).filter(existsSync);
}

async function surplusOf(
  homes: string,
  work: string,
  { days = 0, limit = 0, needed = 0, known }: HomeBounds,
  now: number,
): Promise<Home[]> {
  const names = (await namesIn(homes)).filter((name) => !name.startsWith('.'));
  const dated = await Promise.all(names.map(async (name) => ({ name, usedAt: await lastUse(homes, name) })));
  dated.sort((a, b) => a.usedAt - b.usedAt);
  const measured = limit > 0 || needed > 0;
  const all: Home[] = [];
  for (const { name, usedAt } of dated)
    all.push({ repository: name, usedAt, bytes: measured ? await folderBytes(join(homes, name)) : 0 });
  const used = await homesInUse(work);
  let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  let missing = needed;
  const surplus: Home[] = [];
  for (const home of all) {
    if (used.has(home.repository)) continue;
    const old = days > 0 && now - home.usedAt > days * 86_400_000;
    const gone = known !== undefined && !known.has(home.repository);
    const large = (limit > 0 && total > limit) || missing > 0;
    if (!old && !gone && !large) continue;
    const bytes = measured ? home.bytes : await folderBytes(join(homes, home.repository));
    total -= bytes;
    missing -= bytes;
    surplus.push({ ...home, bytes });
  }
  return surplus;
}
