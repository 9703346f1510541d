import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asVoltError, errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { LockFailed, lockFile } from '../../system/lock.ts';
import { releaseIdle, takeKept } from './kept-locks.ts';

/**
 * Folder with a lock file for each home, where no job can write. A process whose job has the home holds a shared lock on it;
 * an exclusive one is needed to remove the home. The file's time says when a job last had the home. No name of a home
 * begins with a dot.
 */
const uses = '.uses';
/** Ends the name of the lock of a job that has the home to itself. */
const alone = '.alone';
/** Lock of the process that makes a home. */
const making = '.making';
const removed = '.removed';

/** Milliseconds; homes are made and moved away in moments. */
const longestWait = 60_000;

/** A home that a job has. */
export interface TakenHome {
  /** whether no other job that wants the home for itself alone has it */
  isAlone: boolean;
  /** gives it back */
  leave(): void;
}

/**
 * Takes a home for a job, which may take several.
 * @param home its name
 * @param make makes the home where it does not exist; no two processes do so at the same time
 * @param wantsAlone whether the job wants the home for itself alone; only one job at a time gets that
 * @throws VoltError `isolation_unavailable` where a process that makes or removes homes hangs
 */
export async function takeHome(
  homes: string,
  home: string,
  { make, wantsAlone = false }: { make: () => void | Promise<void>; wantsAlone?: boolean },
): Promise<TakenHome> {
  mkdirSync(homes, { recursive: true, mode: 0o711 });
  mkdirSync(join(homes, uses), { recursive: true, mode: 0o700 });
  const use = join(homes, uses, home);
  const release = (await takeKept(use, { mode: 'shared', wait: longestWait })) ?? hangs(use);
  try {
    if (!existsSync(join(homes, home))) await makeOnce(homes, home, make);
    const releaseAlone = wantsAlone ? await takeKept(`${use}${alone}`, {}) : undefined;
    touch(use);
    const leave = () => {
      touch(use);
      releaseAlone?.();
      release();
    };
    return { isAlone: releaseAlone !== undefined, leave };
  } catch (error) {
    release();
    throw error instanceof LockFailed ? asVoltError(error) : error;
  }
}

async function makeOnce(homes: string, home: string, make: () => void | Promise<void>): Promise<void> {
  const path = join(homes, making);
  const lock = (await lockFile(path, { wait: longestWait })) ?? hangs(path);
  try {
    if (!existsSync(join(homes, home))) await make();
  } finally {
    lock.release();
  }
}

function hangs(path: string): never {
  throw new VoltError('isolation_unavailable', `a process that makes or removes homes holds the lock ${path}`, {
    remedy: `See which process has that file open, and end it.`,
  });
}

/** When a job last had the home, in milliseconds since 1970. */
export async function lastUse(homes: string, home: string): Promise<number> {
  const time = (path: string) =>
    stat(path).then(
      ({ mtimeMs, ctimeMs }) => ({ mtimeMs, ctimeMs }),
      () => undefined,
    );
  // a job can set the home's own mtime, but not its ctime
  return (await time(join(homes, uses, home)))?.mtimeMs ?? (await time(join(homes, home)))?.ctimeMs ?? Date.now();
}

/** Whether no job has the home. */
export async function isUnused(homes: string, home: string): Promise<boolean> {
  return (await withUnused(homes, home, async () => true)) ?? false;
}

/**
 * Moves a home away that no job has.
 * @param home with when it was last used
 * @param warn is called where the home cannot be moved
 * @returns whether it is gone
 */
export async function moveUnusedAside(
  homes: string,
  { name, usedAt }: { name: string; usedAt: number },
  warn: (message: string) => void,
): Promise<boolean> {
  const gone = await withUnused(homes, name, async (lastUsedAt) => {
    if (lastUsedAt !== usedAt) return false;
    try {
      const isMoved = moveAside(homes, name);
      for (const end of ['', alone]) rmSync(join(homes, uses, `${name}${end}`), { force: true });
      return isMoved;
    } catch (error) {
      warn(`could not remove the home ${name}: ${errorText(error)}`);
      return false;
    }
  });
  return gone ?? false;
}

/**
 * Runs `work` with the exclusive lock of a home.
 * @param work is given when a job last had the home
 * @returns undefined where a job has it
 */
async function withUnused<T>(
  homes: string,
  home: string,
  work: (usedAt: number) => Promise<T>,
): Promise<T | undefined> {
  const use = join(homes, uses, home);
  mkdirSync(join(homes, uses), { recursive: true, mode: 0o700 });
  // the time of a file that the lock makes would count as a use
  const usedAt = existsSync(use) ? undefined : await lastUse(homes, home);
  for (const end of ['', alone]) await releaseIdle(`${use}${end}`);
  const lock = await lockFile(use);
  if (!lock) return undefined;
  try {
    return await work(usedAt ?? (await lastUse(homes, home)));
  } finally {
    if (usedAt !== undefined) rmSync(use, { force: true });
    lock.release();
  }
}

function moveAside(homes: string, name: string): boolean {
  const home = join(homes, name);
  const folder = asides(homes);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // only root can move a folder that it may not write to elsewhere, and a job may have closed this one
    chmodSync(home, 0o700);
    renameSync(home, join(folder, `${name}-${randomUUID()}`));
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Folder of the homes that are to be removed. */
export function asides(homes: string): string {
  return join(homes, removed);
}

/** None where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  });
}

function touch(path: string): void {
  utimesSync(path, new Date(), new Date());
}
