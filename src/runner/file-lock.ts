import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { toolEnvironment } from '../kernel/environment.ts';
import { systemCode, VoltError } from '../kernel/errors.ts';

/** open(2) of macOS and the BSDs takes the lock itself; Node gives the flag no name. */
const exclusiveLock = 0x20;

/** What flock(1) ends with when somebody else has the lock. */
const taken = 75;

/**
 * An exclusive lock on a file, held by an open descriptor of this process: the kernel gives it back when the process
 * ends in whatever way, and holds it against every other process that sees the file, in other containers too, where the
 * number of a process means nothing. Two locks of one process exclude each other as well. The file stays when the lock
 * is given back; whoever removes it holds the lock, and a lock on a file that was removed meanwhile is none.
 * @returns gives the lock back; undefined when somebody else has it
 * @throws VoltError `tool_missing`; system errors where the file cannot be made
 */
export async function lockFile(path: string): Promise<(() => void) | undefined> {
  const descriptor = process.platform === 'linux' ? await lockWithTool(path) : lockWithOpen(path);
  if (descriptor === undefined) return undefined;
  // a bare number: a FileHandle would be closed, and the lock lost, when nobody refers to it any more
  if (isStillNamed(descriptor, path)) return () => closeSync(descriptor);
  closeSync(descriptor);
  return lockFile(path);
}

/** Whether the open file is the one that has the name now. */
function isStillNamed(descriptor: number, path: string): boolean {
  const own = fstatSync(descriptor);
  const named = statSync(path, { throwIfNoEntry: false });
  return named?.ino === own.ino && named.dev === own.dev;
}

/** flock(1) locks the open file that it inherits, which is ours too, and so the lock outlives the tool. */
async function lockWithTool(path: string): Promise<number | undefined> {
  const descriptor = openSync(path, 'a+');
  const end = await flock(descriptor).catch((error) => String(error));
  if (end === 0) return descriptor;
  closeSync(descriptor);
  if (end === taken) return undefined;
  throw new VoltError('tool_missing', `cannot lock ${path}: flock ended with ${end}`, {
    remedy: 'Install util-linux (flock), and use a file system that has locks.',
  });
}

async function flock(descriptor: number): Promise<number | null> {
  const options = ['--exclusive', '--nonblock', '--conflict-exit-code', String(taken), '3'];
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', descriptor];
  const [code] = await once(spawn('flock', options, { env: toolEnvironment(), cwd: '/', stdio }), 'exit');
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
