import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { isBusy } from './sqlite.ts';

/**
 * Builds that are made after a backup and before it is restored have numbers that the restored record does not know of.
 * Its next build leaves so many out, so that what is told late of one of those is never taken for one of its own.
 */
const gap = 10_000;

/**
 * Writes the record as it is at this moment to a new file, while others go on writing to it.
 * @param file a record
 * @param target does not exist yet
 * @returns the highest id that a build has had
 */
export function snapshotRecord(file: string, target: string): number {
  const source = new Database(file);
  try {
    // a prepared statement would keep the record open until it is collected as garbage
    source.exec(`vacuum into '${target.replaceAll("'", "''")}'`);
  } finally {
    source.close();
  }
  const copy = new Database(target);
  try {
    return highestBuild(copy);
  } finally {
    copy.close();
  }
}

/**
 * Makes a restored record one of its own: with another id, so that no Redis takes it for what it was, and with ids of
 * builds that nobody has used.
 * @param replaced the record whose place it takes, where there is one
 */
export function renewRecord(file: string, replaced: string | undefined): void {
  const former = replaced === undefined ? undefined : identityOf(replaced);
  const database = new Database(file);
  try {
    const value = (key: string) =>
      (database.prepare('select value from meta where key = ?').get(key) as { value: string } | undefined)?.value;
    const set = (key: string, text: string) =>
      database.prepare('insert or replace into meta (key, value) values (?, ?)').run(key, text);
    const ids = [value('record_id'), former?.id, ...(JSON.parse(value('former_ids') ?? '[]') as string[])];
    database.exec('begin immediate');
    set('former_ids', JSON.stringify([...new Set(ids.filter((id) => id !== undefined))]));
    set('record_id', randomUUID());
    const next = Math.max(highestBuild(database), former?.highest ?? 0) + gap;
    database.exec("delete from sqlite_sequence where name = 'builds'");
    database.prepare("insert into sqlite_sequence (name, seq) values ('builds', ?)").run(next);
    database.exec('commit');
  } finally {
    database.close();
  }
}

/** Of a record that may be damaged: that is why it is replaced. */
function identityOf(file: string): { id: string | undefined; highest: number } | undefined {
  try {
    const database = new Database(file);
    try {
      const row = database.prepare("select value from meta where key = 'record_id'").get() as
        | { value: string }
        | undefined;
      return { id: row?.value, highest: highestBuild(database) };
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function highestBuild(database: InstanceType<typeof Database>): number {
  const row = database.prepare("select seq from sqlite_sequence where name = 'builds'").get() as
    | { seq: number }
    | undefined;
  return row?.seq ?? 0;
}

/** Whether any process has the record open; such a one would go on writing to the file that was taken from under it. */
export function isRecordOpen(file: string): boolean {
  const database = new Database(file);
  try {
    // not as prepared statements: such a one keeps the connection, and its lock, until it is collected as garbage
    database.exec('pragma busy_timeout = 0');
    // a connection in WAL mode holds a shared lock for as long as it lasts, see https://sqlite.org/wal.html#concurrency
    database.exec('pragma locking_mode = exclusive');
    database.exec('begin exclusive');
    database.exec('rollback');
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    database.close();
  }
}
