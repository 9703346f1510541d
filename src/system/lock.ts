import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { toolEnvironment } from './environment.ts';
import { systemCode } from './error-text.ts';
import { readText } from './read-text.ts';
import { pause } from './wait.ts';

/** open(2) of macOS and the BSDs takes the lock itself; Node has no names for these flags. */
const openFlags = { exclusive: 0x20, shared: 0x10 } as const;

/** Exit code of flock(1) when another process has the lock. */
const takenCode = 75;
/** Milliseconds between two tries on a system without flock(1). */
const retryInterval = 100;
/** Characters of a holder's name. */
const longestName = 200;

export interface FileLock {
  /** A child that inherits the descriptor shares the lock: it ends when the last of them has closed it. */
  readonly descriptor: number;
  /** Closes the descriptor. */
  release(): void;
  /** Ends the lock for every process that has inherited the descriptor, too. Never rejects. */
  unlock(): Promise<void>;
  /** Replaces the text in the file, such as the name of the holder; see `holderOf`. */
  write(text: string): void;
}

export interface LockOptions {
  /** several processes can have a shared lock together, but none beside an exclusive one */
  mode?: 'exclusive' | 'shared';
  /** milliseconds to wait for the current holder; 0, the default, does not wait */
  wait?: number;
  /** ends the wait */
  signal?: AbortSignal | undefined;
}

/** The system cannot lock the file: flock(1) is missing, or the file system has no locks. */
export class LockFailed extends Error {
  readonly remedy = 'Install util-linux (flock), and use a file system that has locks.';
}

/**
 * Locks a file with flock(2). The lock belongs to the open file, so the kernel ends it when the last process that has the
 * descriptor ends, however that happens, and it counts in every container that sees the file. Two locks of one process
 * exclude each other as well. The file stays after the lock has ended; only a holder of the exclusive lock may remove it.
 * @returns undefined when another holder has not released it in time, or the signal ended the wait
 * @throws LockFailed; system errors where the file cannot be made
 */
export async function lockFile(
  path: string,
  { mode = 'exclusive', wait = 0, signal }: LockOptions = {},
): Promise<FileLock | undefined> {
  const end = performance.now() + wait;
  for (;;) {
    const left = Math.max(end - performance.now(), 0);
    const descriptor =
      process.platform === 'linux' ? await openAndLock(path, mode, left, signal) : openLocked(path, mode);
    if (descriptor !== undefined) {
      // a holder may have removed the file while we waited for it
      if (isStillNamed(descriptor, path)) return lockOf(descriptor);
      closeSync(descriptor);
    } else if (signal?.aborted || performance.now() >= end) return undefined;
    else await pause(retryInterval, signal);
  }
}

/** The text that the holder of a lock has written; empty where there is none. */
export function holderOf(path: string): string {
  return readText(path)?.slice(0, longestName) ?? '';
}

/** The descriptor stays a number: a FileHandle would be closed, and the lock lost, when it is garbage collected. */
function lockOf(descriptor: number): FileLock {
  return {
    descriptor,
    release: () => closeSync(descriptor),
    unlock: async () => {
      // elsewhere only a process that ends, or closes the file, gives the lock back
      if (process.platform === 'linux') await flock(descriptor, ['--unlock']).catch(() => undefined);
      closeSync(descriptor);
    },
    write: (text) => {
      ftruncateSync(descriptor);
      writeSync(descriptor, text, 0);
    },
  };
}

function isStillNamed(descriptor: number, path: string): boolean {
  const own = fstatSync(descriptor);
  const named = statSync(path, { throwIfNoEntry: false });
  return named?.ino === own.ino && named.dev === own.dev;
}

/** flock(1) locks the open file that it inherits. That file is ours too, so the lock outlives the program. */
async function openAndLock(
  path: string,
  mode: 'exclusive' | 'shared',
  wait: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const descriptor = openSync(path, 'a+');
  const patience = wait > 0 ? ['--timeout', (wait / 1000).toFixed(3)] : ['--nonblock'];
  const options = [`--${mode}`, ...patience, '--conflict-exit-code', String(takenCode)];
  const code = await flock(descriptor, options, signal).catch((error) => String(error));
  if (code === 0) return descriptor;
  closeSync(descriptor);
  if (code === takenCode || signal?.aborted) return undefined;
  throw new LockFailed(`cannot lock ${path}: flock ended with ${code}`);
}

async function flock(descriptor: number, options: string[], signal?: AbortSignal): Promise<number | null> {
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', descriptor];
  const child = spawn('flock', [...options, '3'], {
    env: toolEnvironment(),
    cwd: '/',
    stdio,
    ...(signal && { signal }),
  });
  const [code] = await once(child, 'exit');
  return code;
}

function openLocked(path: string, mode: 'exclusive' | 'shared'): number | undefined {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | openFlags[mode];
  try {
    return openSync(path, flags);
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
