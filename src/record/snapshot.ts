import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { metaOf } from './inspect.ts';
import { isBusy } from './sqlite.ts';

/**
 * How many ids of builds are left out after a restore: builds made after the backup have ids that the restored database does
 * not know, and late messages about them must not be taken for messages about new builds.
 */
const gap = 10_000;

/**
 * Writes a snapshot of the database to a new file, while other processes go on writing.
 * @param file of the database
 * @param target does not exist yet
 * @returns the highest id that a build has had
 */
export function snapshotRecord(file: string, target: string): number {
  const source = new Database(file);
  try {
    // a prepared statement would keep the file open until it is garbage-collected
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
 * Gives a restored database an id of its own, so that no Redis takes it for the former one, and unused ids for its builds.
 * @param replaced the database that it replaces, if there is one
 */
export function renewRecord(file: string, replaced: string | undefined): void {
  const former = replaced === undefined ? undefined : identityOf(replaced);
  const database = new Database(file);
  try {
    const set = (key: string, text: string) =>
      database.prepare('insert or replace into meta (key, value) values (?, ?)').run(key, text);
    const ids = [
      metaOf(database, 'record_id'),
      former?.id,
      ...(JSON.parse(metaOf(database, 'former_ids') ?? '[]') as string[]),
    ];
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

/** Tolerates a damaged database, since damage is a reason to replace it. */
function identityOf(file: string): { id: string | undefined; highest: number } | undefined {
  try {
    const database = new Database(file);
    try {
      return { id: metaOf(database, 'record_id'), highest: highestBuild(database) };
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

/** Whether any process has the database open; it would go on writing to the file that was replaced. */
export function isRecordOpen(file: string): boolean {
  const database = new Database(file);
  try {
    // no prepared statements: they keep the connection, and its lock, until they are garbage-collected
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
