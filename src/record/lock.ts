import { existsSync } from 'node:fs';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { asVoltError, errorText, VoltError } from '../kernel/errors.ts';
import { type FileLock, holderOf, LockFailed, lockFile } from '../system/lock.ts';

/**
 * Takes the data directory for one `volt up`.
 * @param holder a line for people, for example "volt up, process 4711"
 * @returns releases the lock
 * @throws VoltError `data_locked` naming the holder, `data_unwritable`, `tool_missing`
 */
export async function lockDataDirectory(dataDir: string, holder: string): Promise<() => void> {
  const { lock: file } = dataPaths(dataDir);
  let lock: FileLock | undefined;
  try {
    makeDataDirectory(dataDir);
    lock = await lockFile(file);
  } catch (error) {
    if (error instanceof VoltError || error instanceof LockFailed) throw asVoltError(error);
    throw new VoltError('data_unwritable', `cannot write to the data directory ${dataDir}: ${errorText(error)}`, {
      remedy: 'Give this user the right to write there, or name another one by --data or VOLT_DATA_DIR.',
      cause: error,
    });
  }
  if (!lock) {
    throw new VoltError('data_locked', `the data directory ${dataDir} is in use by ${nameOfHolder(file)}`, {
      remedy: 'Stop that one first, or give this one a directory of its own by --data.',
    });
  }
  lock.write(holder);
  return lock.release;
}

/** Who holds the lock of the data directory, or undefined where nobody does. */
export async function dataDirectoryHolder(dataDir: string): Promise<string | undefined> {
  const { lock: file } = dataPaths(dataDir);
  if (!existsSync(file)) return undefined;
  const lock = await lockFile(file, { mode: 'shared' });
  lock?.release();
  return lock ? undefined : nameOfHolder(file);
}

function nameOfHolder(file: string): string {
  return holderOf(file) || 'another process';
}
