import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../kernel/errors.ts';
import { folderBytes } from '../system/disk.ts';
import { removeTree } from '../system/remove-tree.ts';
import { MirrorLock } from './mirror-lock.ts';
import { discard, moveAway, putBack, removeMoved, temporaryPaths } from './mirror-paths.ts';
import { lastUse, useTime } from './mirror-use.ts';
import { git } from './run.ts';

/** A mirror on the disk, as others than its repository's users see it. */
export interface MirrorOnDisk {
  path: string;
  /** what it is a mirror of, as its `description` says */
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
 * Removes mirrors that nobody has used for long, and those that were used the longest ago until the rest is small
 * enough. They are caches: who needs one fetches it again. One that is used or updated stays.
 * @param days 0 for no bound
 * @param limit bytes that all may have together; 0 for no bound
 */
export async function pruneMirrors(
  folder: string,
  { days, limit }: { days: number; limit: number },
  dryRun: boolean,
  now: number,
): Promise<MirrorOnDisk[]> {
  if (!dryRun) await leftAside(folder, true);
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

/** What git complains of in a mirror; undefined where all that its refs lead to is there. */
export async function mirrorFault(path: string): Promise<string | undefined> {
  try {
    // the progress is its sign of life
    await git(path, ['fsck', '--connectivity-only', '--no-dangling', '--progress']);
    return undefined;
  } catch (error) {
    return errorText(error).split('\n')[0];
  }
}

/** Takes it out of its place in one step, so that nobody finds half a mirror. */
export async function removeMirror(path: string): Promise<void> {
  const lock = new MirrorLock(path);
  await lock.hold({}, async () => {
    await discard(path);
    lock.forget();
  });
}

/**
 * A checkout notes that it uses a mirror some milliseconds before git reads it. So where nobody has noted it by when the
 * mirror is out of its place, nobody reads it, and whoever comes later finds none and fetches it anew; else it is put
 * back at once, before git has begun. What was noted before that, while the lock was being taken, is seen first: git may be
 * at work by then.
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
 * What processes were making or removing that were killed over it; what somebody is at work on is none of it.
 * @param remove takes it away
 * @returns names in the folder
 */
export async function leftAside(folder: string, remove: boolean): Promise<string[]> {
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
