import { type FileLock, type LockOptions, lockFile } from '../../system/lock.ts';

/** Milliseconds for which an unused lock is kept: to take one starts a program, and the next job often needs the same. */
const idleTime = 10_000;

interface KeptLock {
  lock: Promise<FileLock | undefined>;
  users: number;
  idle?: NodeJS.Timeout;
}

/** Locks of this process, by the path of the file. */
const kept = new Map<string, KeptLock>();

/**
 * Takes a lock, which jobs of this process share where it is a shared one.
 * @returns releases it; undefined where somebody else has the lock
 * @throws as lockFile
 */
export async function takeKept(path: string, options: LockOptions): Promise<(() => void) | undefined> {
  const known = kept.get(path);
  if (known && known.users > 0 && options.mode !== 'shared') return undefined;
  const entry = known ?? { lock: lockFile(path, options), users: 0 };
  kept.set(path, entry);
  clearTimeout(entry.idle);
  entry.users++;
  const lock = await entry.lock.catch((error) => {
    kept.delete(path);
    throw error;
  });
  if (!lock) {
    kept.delete(path);
    return undefined;
  }
  return () => {
    entry.users--;
    if (entry.users === 0) entry.idle = setTimeout(() => releaseIdle(path), idleTime).unref();
  };
}

/** Releases a lock that no job of this process uses. */
export async function releaseIdle(path: string): Promise<void> {
  const entry = kept.get(path);
  if (!entry || entry.users > 0) return;
  clearTimeout(entry.idle);
  kept.delete(path);
  (await entry.lock)?.release();
}
