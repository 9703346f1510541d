import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  type DatabaseConnection,
  type Driver,
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
import type { Engine, Obstacle } from './engine.ts';
import { keepingStatements } from './statements.ts';

/**
 * How long one statement may wait for another process's write, in milliseconds. libsql waits inside the call and holds
 * the event loop meanwhile, so it is short; `Record.write` tries again without holding anything.
 */
const busyTimeout = 20;

/**
 * SQLite in a file, which is made where there is none.
 * @throws VoltError `data_unwritable`, `record_damaged`; what says that it is busy as it is
 */
export function sqliteEngine(file: string): Engine {
  const dialect = openFile(file);
  const durability = new Durability(file);
  return {
    ...{ kind: 'sqlite', dialect, plugins: [], obstacle, explained },
    forMigration: async (db) => db,
    place: async () => `${machine()} ${await fileIdentity(file)}`,
    durable: () => durability.sync(),
    close: () => durability.close(),
  };
}

/**
 * SQLite in a file, through libsql (whose native part comes prebuilt). Transactions take the write lock when they begin,
 * so that one never has read what another has changed by the time it writes.
 */
function sqliteDialect(file: string): SqliteDialect {
  const database = new Database(file);
  try {
    database.pragma(`busy_timeout = ${busyTimeout}`);
    database.pragma('journal_mode = WAL');
    // a power cut may take the last transactions, never the file's consistency; what must stay asks for it, see durability.ts
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
  } catch (error) {
    database.close();
    throw error;
  }
  return new ImmediateSqliteDialect({ database: keepingStatements(database as unknown as SqliteDatabase) }, () =>
    database.exec('begin immediate'),
  );
}

/** All who have a file in WAL mode open share the memory of one kernel, see https://sqlite.org/wal.html. */
function machine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;
  readonly #begin: () => void;

  constructor(config: SqliteDialectConfig, begin: () => void) {
    super(config);
    this.#config = config;
    this.#begin = begin;
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver(this.#config, this.#begin);
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #begin: () => void;

  constructor(config: SqliteDialectConfig, begin: () => void) {
    super(config);
    this.#begin = begin;
  }

  /**
   * libsql answers within the call, so a transaction of many statements would hold the event loop from its begin to its
   * end. Nobody else has the connection while it gives way.
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
   * Not as a prepared statement: libsql does not reset one that has failed, it stays "in progress" until it is
   * collected as garbage, and as long as that no transaction of the connection can be committed.
   */
  override async beginTransaction(): Promise<void> {
    this.#begin();
  }

  /** SQLite has rolled back by itself where the disk was full or broken; what is to be told then is the first error. */
  override async rollbackTransaction(...args: Parameters<SqliteDriver['rollbackTransaction']>): Promise<void> {
    await super.rollbackTransaction(...args).catch((error) => {
      if (!/no transaction is active/.test(errorText(error))) throw error;
    });
  }
}

function openFile(file: string): SqliteDialect {
  try {
    return sqliteDialect(file);
  } catch (error) {
    if (isBusy(error)) throw error;
    if (isDamaged(error)) throw damaged(file, error);
    throw new VoltError('data_unwritable', `cannot open the record ${file}: ${errorText(error)}`, {
      remedy: 'Give this user the right to read and write the file and its folder, and free some room on the disk.',
      cause: error,
    });
  }
}

export function obstacle(error: unknown): Obstacle | undefined {
  if (!isBusy(error)) return undefined;
  const busy = new VoltError('record_busy', "another process holds the record's lock", {
    remedy: 'See which process has volt.db open (fuser, lsof) and end it if it hangs.',
    cause: error,
  });
  return { error: busy, pause: 2 + Math.random() * 20 };
}

function explained(error: unknown): unknown {
  if (isFull(error)) {
    return new VoltError('record_full', 'the disk that the record is on is full', {
      remedy: 'Make room in the data directory; what waits to be recorded is recorded then.',
      cause: error,
    });
  }
  if (isDamaged(error)) return damaged('the record', error);
  if (isBroken(error)) {
    return new VoltError('record_failed', `the record cannot be written: ${errorText(error)}`, {
      remedy: 'Look after the disk of the data directory and the rights to it; it goes on by itself then.',
      cause: error,
    });
  }
  return error;
}

function damaged(what: string, error: unknown): VoltError {
  return new VoltError('record_damaged', `${what} is no record that can be read: ${errorText(error)}`, {
    remedy: 'Restore a backup by `volt restore`; see what the disk and the system log say first.',
    cause: error,
  });
}

/** Whether another process holds the lock that a statement needs. */
export function isBusy(error: unknown): boolean {
  return /SQLITE_BUSY|database is locked/.test(textOf(error));
}

/** Whether the disk has no room for what was to be written. */
function isFull(error: unknown): boolean {
  return /SQLITE_FULL|database or disk is full/.test(textOf(error));
}

/** Whether the file could not be read or written for its disk or the rights to it. */
function isBroken(error: unknown): boolean {
  return /SQLITE_(IOERR|READONLY|CANTOPEN|PERM)|disk I\/O error|readonly database/.test(textOf(error));
}

function textOf(error: unknown): string {
  return `${(error as { code?: string })?.code} ${(error as Error)?.message}`;
}

/** Whether the file is no database, or a spoilt one. */
function isDamaged(error: unknown): boolean {
  return /SQLITE_NOTADB|SQLITE_CORRUPT|not a database|malformed/.test(textOf(error));
}
