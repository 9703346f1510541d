import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BareRepository } from './bare-repository.ts';
import type { GitLimits } from './command.ts';
import { MirrorLock } from './mirror-lock.ts';
import { git } from './run.ts';
import { saidBy } from './words.ts';

/** From so many objects in files of their own, or packs, on it is worth it; see `gc.auto` in git-config(1). */
const usual = { loose: 2000, packs: 30, packsOfPart: 100 };
/** Milliseconds that packing one mirror may take. */
const bound = 1_800_000;

/** So few threads and so little memory that jobs hardly notice. */
const modest = [
  ['pack.threads', '1'],
  ['pack.windowMemory', '128m'],
  ['repack.writeBitmaps', 'false'],
] as const;

/**
 * Puts together what many fetches have left in the mirrors of a folder, each in files of its own: git looks through all packs
 * for each object, and a file for each object takes a block of the disk. Nothing that is in a mirror is dropped, whatever its
 * refs lead to, since jobs may borrow it. Whoever reads a mirror meanwhile finds each object in one place or the other, and who
 * is to update it does not wait for this.
 * @param options.signal ends it
 * @param options.most up to how many loose objects and packs a mirror is left as it is
 * @returns the paths of those that were packed
 * @throws the first of what went wrong, when all have had their turn
 */
export async function packMirrors(
  folder: string,
  { signal, limits, most = usual }: { signal: AbortSignal; limits?: GitLimits | undefined; most?: typeof usual },
): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.git'));
  const packed: string[] = [];
  const faults: unknown[] = [];
  for (const path of names.map((name) => join(folder, name))) {
    if (signal.aborted) break;
    const mirror = new BareRepository(path);
    if (!mirror.isThere || !(await isWorthIt(mirror, most))) continue;
    const lock = new MirrorLock(path);
    try {
      const work = (unwanted: AbortSignal, descriptor: number) =>
        pack(mirror, { lock: descriptor, signal: unwanted, limits });
      if (await lock.holdUntilWanted(signal, work)) packed.push(path);
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
  return packed;
}

/** Loose objects are estimated by one of their folders, as git does it: their ids are spread evenly. */
async function isWorthIt(mirror: BareRepository, most: typeof usual): Promise<boolean> {
  const inFolder = async (name: string) => readdir(join(mirror.path, 'objects', name)).catch(() => []);
  const packs = (await inFolder('pack')).filter((name) => name.endsWith('.pack')).length;
  // one without all files can be packed only as a whole
  if (mirror.isPartial) return packs > most.packsOfPart;
  return packs > most.packs || (await inFolder('17')).length * 256 > most.loose;
}

/** Also what no ref leads to. Where there are large packs, those stay as they are; see `--geometric` in git-repack(1). */
async function pack(
  mirror: BareRepository,
  options: { lock: number; signal: AbortSignal; limits: GitLimits | undefined },
): Promise<void> {
  const repack = (...how: string[]) =>
    git(mirror.path, ['repack', '-d', '-q', '-n', ...how], {
      ...{ ...options, plain: true, silence: bound, bound, config: modest },
    });
  if (mirror.isPartial) await repack('-a', '-k');
  else
    await repack('--geometric=2').catch((error) => {
      // git before 2.33
      if (!/unknown option/.test(saidBy(error))) throw error;
      return repack();
    });
}
