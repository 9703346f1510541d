import { existsSync } from 'node:fs';
import Database from 'libsql';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { isBusy } from './sqlite.ts';

/** The locks that this process holds: one that nothing refers to would be given back with the next garbage collection. */
const held = new Set<InstanceType<typeof Database>>();

/**
 * Takes the data directory for one `volt up`. The lock is SQLite's own on a small file, which the operating system
 * gives back when the process ends in whatever way. The holder writes who it is beside it.
 * @param holder a line for people, for example "volt up, process 4711"
 * @returns gives the directory back
 * @throws VoltError `data_locked` naming the holder, `data_unwritable`
 */
export function lockDataDirectory(dataDir: string, holder: string): () => void {
  let lock: InstanceType<typeof Database>;
  try {
    makeDataDirectory(dataDir);
    lock = new Database(dataPaths(dataDir).lock);
    lock.pragma('busy_timeout = 0');
  } catch (error) {
    if (error instanceof VoltError) throw error;
    throw new VoltError('data_unwritable', `cannot write to the data directory ${dataDir}: ${errorText(error)}`, {
      remedy: 'Give this user the right to write there, or name another one by --data or VOLT_DATA_DIR.',
      cause: error,
    });
  }
  try {
    lock.exec('begin immediate');
    // committed at once by the second transaction below, so that a reader sees it while the lock is held
    lock.exec('create table if not exists holder (name text)');
    lock.exec('delete from holder');
    lock.prepare('insert into holder values (?)').run(holder);
    lock.exec('commit');
    lock.exec('begin immediate');
    held.add(lock);
    return () => {
      held.delete(lock);
      // closing alone does not end the transaction while a statement of the connection waits to be collected
      lock.exec('rollback');
      lock.close();
    };
  } catch (error) {
    if (!isBusy(error)) throw error;
    const row = readHolder(lock);
    lock.close();
    throw new VoltError('data_locked', `the data directory ${dataDir} is in use by ${row}`, {
      remedy: 'Stop that one first, or give this one a directory of its own by --data.',
      cause: error,
    });
  }
}

/** Who holds the lock of the data directory, or undefined where nobody does. */
export function dataDirectoryHolder(dataDir: string): string | undefined {
  const { lock: file } = dataPaths(dataDir);
  if (!existsSync(file)) return undefined;
  const lock = new Database(file);
  try {
    lock.pragma('busy_timeout = 0');
    lock.exec('begin immediate');
    lock.exec('rollback');
    return undefined;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return readHolder(lock);
  } finally {
    lock.close();
  }
}

function readHolder(lock: InstanceType<typeof Database>): string {
  try {
    return (lock.prepare('select name from holder').get() as { name: string } | undefined)?.name ?? 'another process';
  } catch {
    return 'another process';
  }
}
