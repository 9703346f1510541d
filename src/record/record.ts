import { randomUUID } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import type { Config } from '../kernel/config.ts';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problems.ts';
import { pause } from '../kernel/wait.ts';
import { migrate, setMeta } from './migrations.ts';
import type { Schema } from './schema.ts';
import { isBroken, isBusy, isDamaged, isFull, sqliteDialect } from './sqlite.ts';

export type Database = Kysely<Schema>;
export type Write = Transaction<Schema>;

/** How long a write waits for other processes' writes before it gives up, in milliseconds. */
const patience = 10_000;
/** A write that has waited longer than this (ms) is told to people. */
const noticeable = 1000;
/** A problem that no write has met for this long (ms) is not told any more. */
const fade = 60_000;

/** The SQL database: what is true about builds. */
export class Record {
  readonly db: Database;
  /** tells this record from any other, so that two never share one Redis */
  readonly id: string;
  /** ids of the records whose place it took when it was restored from a backup */
  readonly formerIds: readonly string[];
  #problem: { told: Problem; at: number } | undefined;

  private constructor(db: Database, id: string, formerIds: readonly string[]) {
    this.db = db;
    this.id = id;
    this.formerIds = formerIds;
  }

  /**
   * Opens the record that the configuration names and brings it to this version.
   * @throws VoltError `data_unwritable`, `record_damaged`, `record_newer`, `record_busy`, `unsupported`
   */
  static async open(config: Config): Promise<Record> {
    const file = recordFile(config);
    makeDataDirectory(dirname(file));
    makeDataDirectory(config.dataDir);
    // opening switches a new file to its journal mode, for which it must be nobody else's for a moment
    const dialect = await retryWhileBusy(async () => openFile(file));
    const db = new Kysely<Schema>({ dialect });
    try {
      await retryWhileBusy(() => migrate(db));
      const id = await retryWhileBusy(() => db.transaction().execute(recordId));
      return new Record(db, id, await formerIds(db));
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }

  /**
   * Runs `work` as one transaction; tried again while another process writes.
   * @throws VoltError `record_busy`, `record_full`, `record_failed`, `record_damaged`, and what `work` throws. Nothing is written then
   */
  async write<T>(work: (transaction: Write) => Promise<T>): Promise<T> {
    try {
      const result = await retryWhileBusy(
        () => this.db.transaction().execute(work),
        (ms) => {
          if (ms > noticeable) this.#note(busy(`another process holds the record's lock`));
        },
      );
      this.#problem = undefined;
      return result;
    } catch (thrown) {
      const error = writeError(thrown);
      if (error instanceof VoltError && error.code.startsWith('record_')) this.#note(error);
      throw error;
    }
  }

  /** What writes are waiting for, or failing at, now. */
  problems(): Problem[] {
    return this.#problem && Date.now() - this.#problem.at < fade ? [this.#problem.told] : [];
  }

  #note({ code, message, remedy }: VoltError): void {
    this.#problem = { told: { code, message, remedy }, at: Date.now() };
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

/**
 * The file that the configuration names as the record.
 * @throws VoltError `unsupported`, `bad_setting`
 */
export function recordFile(config: Config): string {
  const url = config.databaseUrl ?? `sqlite:${dataPaths(config.dataDir).record}`;
  if (/^postgres(ql)?:/.test(url)) {
    throw new VoltError('unsupported', 'PostgreSQL as the record is not supported yet', {
      remedy: 'Leave VOLT_DATABASE_URL unset, or set it to sqlite:<path>.',
    });
  }
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  if (!path) {
    throw new VoltError('bad_setting', `VOLT_DATABASE_URL is "${url}"`, {
      remedy: 'Set it to sqlite:<path>, or leave it unset.',
    });
  }
  return resolve(path);
}

/** @throws VoltError `data_unwritable`, `record_damaged`; what says that it is busy as it is */
function openFile(file: string): ReturnType<typeof sqliteDialect> {
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

async function formerIds(db: Database): Promise<string[]> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', 'former_ids').executeTakeFirst();
  return row ? (JSON.parse(row.value) as string[]) : [];
}

async function recordId(transaction: Write): Promise<string> {
  const row = await transaction.selectFrom('meta').select('value').where('key', '=', 'record_id').executeTakeFirst();
  if (row) return row.value;
  const id = randomUUID();
  await setMeta(transaction, 'record_id', id);
  return id;
}

/** @param waiting is told before each further try how long (ms) it has taken so far */
async function retryWhileBusy<T>(work: () => Promise<T>, waiting: (ms: number) => void = () => {}): Promise<T> {
  const begun = Date.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      const waited = Date.now() - begun;
      if (waited > patience) {
        throw busy(`another process has held the record's lock for ${patience / 1000} s`, error);
      }
      waiting(waited);
      await pause(2 + Math.random() * 20);
      // timers alone, each of which is late after a try, would keep the event loop from who holds the lock in this process
      await nextTurn();
    }
  }
}

function busy(message: string, cause?: unknown): VoltError {
  return new VoltError('record_busy', message, {
    remedy: 'See which process has volt.db open (fuser, lsof) and end it if it hangs.',
    cause,
  });
}

function writeError(error: unknown): unknown {
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
