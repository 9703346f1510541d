import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../command/git.ts';
import { messagesOf } from '../command/messages.ts';
import type { GitLimits } from '../command/runner.ts';
import { BareRepository } from './bare-repository.ts';
import { MirrorLock } from './lock.ts';

/** A mirror with more loose objects or packs than this is packed; see `gc.auto` in git-config(1). */
const usual = { loose: 2000, packs: 30, packsOfPart: 100 };
/** Milliseconds that packing one mirror may take. */
const bound = 1_800_000;

/** Few threads and little memory, so that jobs hardly notice. */
const modest = [
  ['pack.threads', '1'],
  ['pack.windowMemory', '128m'],
  ['repack.writeBitmaps', 'false'],
] as const;

/**
 * Packs the objects that many fetches have left in the mirrors of a folder: git searches all packs for each object, and a
 * loose object takes a block of the disk. No object is dropped, also if no ref leads to it, since jobs may borrow it. A
 * mirror can be read during the packing, and an update ends the packing.
 * @param options.signal ends it
 * @param options.most numbers of loose objects and packs up to which a mirror is left as it is
 * @returns the paths of the mirrors that were packed
 * @throws the first error, after all mirrors were tried
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

/** The number of loose objects is estimated from one of their folders, as git does it: ids are spread evenly. */
async function isWorthIt(mirror: BareRepository, most: typeof usual): Promise<boolean> {
  const inFolder = async (name: string) => readdir(join(mirror.path, 'objects', name)).catch(() => []);
  const packs = (await inFolder('pack')).filter((name) => name.endsWith('.pack')).length;
  // a partial mirror can be packed only as a whole
  if (mirror.isPartial) return packs > most.packsOfPart;
  return packs > most.packs || (await inFolder('17')).length * 256 > most.loose;
}

/** Packs also objects to which no ref leads. Large packs stay as they are; see `--geometric` in git-repack(1). */
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
      if (!/unknown option/.test(messagesOf(error))) throw error;
      return repack();
    });
}
