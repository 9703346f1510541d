import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderBytes } from '../kernel/disk.ts';
import { errorText, systemCode } from '../kernel/errors.ts';
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

/** Whose modification time says when a mirror was last used. */
export const useMark = 'volt-used';

export async function listMirrors(folder: string): Promise<MirrorOnDisk[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.git'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const description = await readFile(join(path, 'description'), 'utf8').catch(() => '');
      return {
        path,
        url: description.replace(/^Mirror of /, '').trim(),
        usedAt: (await timeOf(join(path, useMark))) ?? (await timeOf(path)) ?? Date.now(),
        bytes: await folderBytes(path),
      };
    }),
  );
}

/** A mirror that was used within this time (ms) may be in use by a job that began then. */
const inUse = 86_400_000;

/**
 * Removes mirrors that nobody has used for long, and those that were used the longest ago until the rest is small
 * enough. They are caches: who needs one fetches it again.
 * @param days 0 for no bound
 * @param limit bytes that all may have together; 0 for no bound
 */
export async function pruneMirrors(
  folder: string,
  { days, limit }: { days: number; limit: number },
  dryRun: boolean,
  now: number,
): Promise<MirrorOnDisk[]> {
  const mirrors = (await listMirrors(folder)).sort((a, b) => a.usedAt - b.usedAt);
  let total = mirrors.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: MirrorOnDisk[] = [];
  for (const mirror of mirrors) {
    const unused = now - mirror.usedAt;
    const old = days > 0 && unused > days * 86_400_000;
    const surplus = limit > 0 && total > limit;
    if (unused < inUse || !(old || surplus)) continue;
    if (!dryRun) await removeMirror(mirror.path);
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
  const aside = `${path}.removed-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

async function timeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
