import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  type DatabaseConnection,
  type Dialect,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely';
import Database from 'libsql';
import { errorText, VoltError } from '../kernel/errors.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import { fileIdentity } from '../system/file-identity.ts';
import { Durability } from './durability.ts';
import { type Engine, type Obstacle, withDriver } from './engine.ts';
import { keepingStatements } from './statements.ts';

/**
 * How long (ms) a statement may wait for another process's write. libsql waits inside the call and blocks the event loop, so
 * it is short; `Database.write` tries again without blocking.
 */
const busyTimeout = 20;

/**
 * SQLite in a file, which is created if it does not exist.
 * @throws VoltError `data_unwritable`, `record_damaged`; errors of a busy file unchanged
 */
export function sqliteEngine(file: string): Engine {
  const dialect = openFile(file);
  const durability = new Durability(file);
  return {
    ...{ kind: 'sqlite', dialect, plugins: [], obstacle, explained },
    forMigration: async (db) => db,
    location: async () => `${machine()} ${await fileIdentity(file)}`,
    durable: () => durability.sync(),
    close: () => durability.close(),
  };
}

/**
 * SQLite in a file, through libsql (whose native part comes prebuilt). Transactions take the write lock when they start, so
 * that what they have read still holds when they write.
 */
function sqliteDialect(file: string): Dialect {
  const database = new Database(file);
  try {
    database.pragma(`busy_timeout = ${busyTimeout}`);
    database.pragma('journal_mode = WAL');
    // a power cut may lose the last transactions, never the file's consistency; see durability.ts for commits that must stay
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
  } catch (error) {
    database.close();
    throw error;
  }
  const config = { database: keepingStatements(database as unknown as SqliteDatabase) };
  const begin = () => database.exec('begin immediate');
  return withDriver(new SqliteDialect(config), () => new ImmediateSqliteDriver(config, begin));
}

/** All processes that have a file in WAL mode open share the memory of one kernel, see https://sqlite.org/wal.html. */
function machine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #begin: () => void;

  constructor(config: SqliteDialectConfig, begin: () => void) {
    super(config);
    this.#begin = begin;
  }

  /**
   * libsql answers within the call, so a transaction of many statements would block the event loop until its end. No other
   * caller has the connection while it yields.
   */
  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return {
      executeQuery: async (query) => {
        await yieldToOthers();
        return connection.executeQuery(query);
      },
      streamQuery: (query, size) => connection.streamQuery(query, size),
    };
  }

  /**
   * Not as a prepared statement: libsql does not reset one that has failed. It stays "in progress" until it is
   * garbage-collected, and until then no transaction of the connection can be committed.
   */
  override async beginTransaction(): Promise<void> {
    this.#begin();
  }

  /** SQLite has rolled back by itself if the disk was full or broken; the first error matters then. */
  override async rollbackTransaction(...args: Parameters<SqliteDriver['rollbackTransaction']>): Promise<void> {
    await super.rollbackTransaction(...args).catch((error) => {
      if (!/no transaction is active/.test(errorText(error))) throw error;
    });
  }
}

function openFile(file: string): Dialect {
  try {
    return sqliteDialect(file);
  } catch (error) {
    if (isBusy(error)) throw error;
    if (isDamaged(error)) throw damaged(file, error);
    throw new VoltError('data_unwritable', `cannot open the database ${file}: ${errorText(error)}`, {
      remedy: 'Let this user read and write the file and its folder, and free some space on the disk.',
      cause: error,
    });
  }
}

export function obstacle(error: unknown): Obstacle | undefined {
  if (!isBusy(error)) return undefined;
  const busy = new VoltError('record_busy', 'another process holds the lock of the database', {
    remedy: 'See which process has volt.db open (fuser, lsof) and end it if it hangs.',
    cause: error,
  });
  return { error: busy, pause: 2 + Math.random() * 20 };
}

function explained(error: unknown): unknown {
  if (isFull(error)) {
    return new VoltError('record_full', 'the disk of the database is full', {
      remedy: 'Free some space on the disk of the data directory; Volt retries automatically.',
      cause: error,
    });
  }
  if (isDamaged(error)) return damaged('the database', error);
  if (isBroken(error)) {
    return new VoltError('record_failed', `the database cannot be written: ${errorText(error)}`, {
      remedy: 'Check free space and permissions of the data directory; Volt retries automatically.',
      cause: error,
    });
  }
  return error;
}

function damaged(what: string, error: unknown): VoltError {
  return new VoltError('record_damaged', `${what} cannot be read as a database: ${errorText(error)}`, {
    remedy: 'Check the disk and the system log, then restore a backup with `volt restore`.',
    cause: error,
  });
}

/** Whether another process holds the lock that a statement needs. */
export function isBusy(error: unknown): boolean {
  return /SQLITE_BUSY|database is locked/.test(textOf(error));
}

function isFull(error: unknown): boolean {
  return /SQLITE_FULL|database or disk is full/.test(textOf(error));
}

/** Whether the file could not be read or written because of its disk or permissions. */
function isBroken(error: unknown): boolean {
  return /SQLITE_(IOERR|READONLY|CANTOPEN|PERM)|disk I\/O error|readonly database/.test(textOf(error));
}

function textOf(error: unknown): string {
  return `${(error as { code?: string })?.code} ${(error as Error)?.message}`;
}

/** Whether the file is no database, or a damaged one. */
function isDamaged(error: unknown): boolean {
  return /SQLITE_NOTADB|SQLITE_CORRUPT|not a database|malformed/.test(textOf(error));
}
