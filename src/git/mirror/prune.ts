import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../kernel/errors.ts';
import { folderBytes } from '../../system/disk.ts';
import { removeTree } from '../../system/remove-tree.ts';
import { git } from '../command/git.ts';
import { MirrorLock } from './lock.ts';
import { discard, moveAway, putBack, removeMoved, temporaryPaths } from './paths.ts';
import { lastUse, useTime } from './use.ts';

export interface MirrorOnDisk {
  path: string;
  /** URL of the repository, from its `description` */
  url: string;
  /** when a fetch or a checkout last used it, in milliseconds since 1970 */
  usedAt: number;
  bytes: number;
}

export async function listMirrors(folder: string): Promise<MirrorOnDisk[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.git'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const description = await readFile(join(path, 'description'), 'utf8').catch(() => '');
      return {
        path,
        url: description.replace(/^Mirror of /, '').trim(),
        usedAt: lastUse(path) ?? Date.now(),
        bytes: await folderBytes(path),
      };
    }),
  );
}

/**
 * Removes mirrors that nobody has used for long, and then those used the longest ago until the rest is small enough.
 * Mirrors are caches, which Volt fetches again when it needs them. Mirrors in use stay.
 * @param days 0 for no bound
 * @param limit bytes of all mirrors together; 0 for no bound
 */
export async function pruneMirrors(
  folder: string,
  { days, limit }: { days: number; limit: number },
  dryRun: boolean,
  now: number,
): Promise<MirrorOnDisk[]> {
  if (!dryRun) await findLeftovers(folder, true);
  const mirrors = (await listMirrors(folder)).sort((a, b) => a.usedAt - b.usedAt);
  let total = mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: MirrorOnDisk[] = [];
  for (const mirror of mirrors) {
    const unused = now - mirror.usedAt;
    const old = days > 0 && unused > days * 86_400_000;
    const surplus = limit > 0 && total > limit;
    if (unused < useTime || !(old || surplus)) continue;
    if (!dryRun && !(await removeUnused(mirror))) continue;
    total -= mirror.bytes;
    removed.push(mirror);
  }
  return removed;
}

/** Git's complaint about a mirror; undefined where all commits of its refs are complete. */
export async function mirrorFault(path: string): Promise<string | undefined> {
  try {
    // its progress shows that it does not hang
    await git(path, ['fsck', '--connectivity-only', '--no-dangling', '--progress']);
    return undefined;
  } catch (error) {
    return errorText(error).split('\n')[0];
  }
}

/**
 * Moves the mirror away in one step, so that nobody finds half a mirror, and removes it.
 * @param isDamaged asked once no other process updates the mirror: one of them may have made it anew, and others read it
 */
export async function removeMirror(path: string, isDamaged = () => true): Promise<void> {
  const lock = new MirrorLock(path);
  await lock.hold({}, async () => {
    if (!isDamaged()) return;
    await discard(path);
    lock.forget();
  });
}

/**
 * Removes a mirror unless it is in use. A checkout marks the mirror as used some milliseconds before git reads it. So if the
 * mark is old after the mirror was moved away, nobody reads the mirror, and later checkouts fetch it again. Otherwise it is
 * moved back at once, before git has begun. A mark from the time of taking the lock is checked first: git may run by then.
 * @param mirror as it was listed
 * @returns whether it is gone
 */
export async function removeUnused(mirror: MirrorOnDisk): Promise<boolean> {
  const { path, usedAt } = mirror;
  const lock = new MirrorLock(path);
  const gone = await lock.tryHold(async () => {
    const noted = lastUse(path);
    if (noted !== undefined && noted !== usedAt) return false;
    if (!moveAway(path)) return true;
    if (lastUse(temporaryPaths(path).removed) !== usedAt) {
      putBack(path);
      return false;
    }
    await removeMoved(path);
    lock.forget();
    return true;
  });
  return gone ?? false;
}

/**
 * Finds what killed processes were making or removing, but not what a live process works on.
 * @param remove whether to remove it
 * @returns names in the folder
 */
export async function findLeftovers(folder: string, remove: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const [, mirror] = /^(.+\.git)\.(?:draft|removed)$/.exec(name) ?? [];
    if (mirror === undefined) continue;
    await new MirrorLock(join(folder, mirror)).tryHold(async () => {
      found.push(name);
      if (remove) await removeTree(join(folder, name));
    });
  }
  return found;
}
