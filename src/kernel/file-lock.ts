import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, ftruncateSync, futimesSync, openSync, statSync, writeSync } from 'node:fs';
import { toolEnvironment } from '../system/environment.ts';
import { pause } from '../system/wait.ts';
import { systemCode, VoltError } from './errors.ts';

/** open(2) of macOS and the BSDs takes the lock itself; Node gives the flag no name. */
const exclusiveLock = 0x20;

/** What flock(1) ends with when somebody else has the lock. */
const taken = 75;
/** Milliseconds between two tries where the system cannot wait for a lock within a bound. */
const retryInterval = 100;

export interface FileLock {
  release(): void;
  /** Whether it holds still: the file may have been taken away, for another one of its name that others lock. */
  isHeld(): boolean;
  /** Makes the text what the file holds, for others to read. */
  write(text: string): void;
  /** Sets the file's time to now. */
  touch(): void;
}

export interface LockWait {
  /** milliseconds to wait for whoever has the lock; not at all where it is missing */
  wait?: number;
  /** ends the wait */
  signal?: AbortSignal | undefined;
}

/**
 * An exclusive lock on a file, held by an open descriptor of this process: the kernel gives it back when the process
 * ends in whatever way, and holds it against every other process that sees the file, in other containers too, where the
 * number of a process means nothing. Two locks of one process exclude each other as well. The file stays when the lock
 * is given back; whoever removes it holds the lock, and a lock on a file that was removed meanwhile is none.
 * @returns undefined when somebody else has it, or the wait was ended
 * @throws VoltError `tool_missing`; system errors where the file cannot be made
 */
export async function lockFile(path: string, { wait = 0, signal }: LockWait = {}): Promise<FileLock | undefined> {
  const end = performance.now() + wait;
  for (;;) {
    const left = Math.max(end - performance.now(), 0);
    const descriptor = process.platform === 'linux' ? await lockWithTool(path, left, signal) : lockWithOpen(path);
    if (descriptor !== undefined) {
      // a bare number: a FileHandle would be closed, and the lock lost, when nobody refers to it any more
      if (isStillNamed(descriptor, path)) return heldBy(descriptor, path);
      closeSync(descriptor);
    } else if (signal?.aborted || performance.now() >= end) return undefined;
    else await pause(retryInterval, signal);
  }
}

function heldBy(descriptor: number, path: string): FileLock {
  return {
    release: () => closeSync(descriptor),
    isHeld: () => isStillNamed(descriptor, path),
    write: (text) => {
      ftruncateSync(descriptor);
      writeSync(descriptor, text, 0);
    },
    touch: () => {
      const now = new Date();
      futimesSync(descriptor, now, now);
    },
  };
}

/** Whether the open file is the one that has the name now. */
function isStillNamed(descriptor: number, path: string): boolean {
  const own = fstatSync(descriptor);
  const named = statSync(path, { throwIfNoEntry: false });
  return named?.ino === own.ino && named.dev === own.dev;
}

/** flock(1) locks the open file that it inherits, which is ours too, and so the lock outlives the tool. */
async function lockWithTool(path: string, wait: number, signal?: AbortSignal): Promise<number | undefined> {
  const descriptor = openSync(path, 'a+');
  const end = await flock(descriptor, wait, signal).catch((error) => String(error));
  if (end === 0) return descriptor;
  closeSync(descriptor);
  if (end === taken || signal?.aborted) return undefined;
  throw new VoltError('tool_missing', `cannot lock ${path}: flock ended with ${end}`, {
    remedy: 'Install util-linux (flock), and use a file system that has locks.',
  });
}

async function flock(descriptor: number, wait: number, signal?: AbortSignal): Promise<number | null> {
  const patience = wait > 0 ? ['--timeout', (wait / 1000).toFixed(3)] : ['--nonblock'];
  const options = ['--exclusive', ...patience, '--conflict-exit-code', String(taken), '3'];
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', descriptor];
  const child = spawn('flock', options, { env: toolEnvironment(), cwd: '/', stdio, ...(signal && { signal }) });
  const [code] = await once(child, 'exit');
  return code;
}

function lockWithOpen(path: string): number | undefined {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | exclusiveLock;
  try {
    return openSync(path, flags);
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
