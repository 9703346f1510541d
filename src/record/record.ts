import { randomUUID } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { Kysely, type Transaction } from 'kysely';
import { type Config, dataPaths } from '../kernel/config.ts';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { pause } from '../kernel/wait.ts';
import { migrate, setMeta } from './migrations.ts';
import type { Schema } from './schema.ts';
import { isBusy, isDamaged, sqliteDialect } from './sqlite.ts';

export type Database = Kysely<Schema>;
export type Write = Transaction<Schema>;

/** How long a write waits for other processes' writes before it gives up, in milliseconds. */
const patience = 10_000;

/** The SQL database: what is true about builds. */
export class Record {
  readonly db: Database;
  /** tells this record from any other, so that two never share one Redis */
  readonly id: string;

  private constructor(db: Database, id: string) {
    this.db = db;
    this.id = id;
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
      return new Record(db, id);
    } catch (error) {
      await db.destroy();
      throw error;
    }
  }

  /** Runs `work` as one transaction; tried again while another process writes. */
  write<T>(work: (transaction: Write) => Promise<T>): Promise<T> {
    return retryWhileBusy(() => this.db.transaction().execute(work));
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
    if (isDamaged(error)) {
      throw new VoltError('record_damaged', `${file} is no record that can be read: ${errorText(error)}`, {
        remedy: 'Restore a backup by `volt restore`; see what the disk and the system log say first.',
        cause: error,
      });
    }
    throw new VoltError('data_unwritable', `cannot open the record ${file}: ${errorText(error)}`, {
      remedy: 'Give this user the right to read and write the file and its folder, and free some room on the disk.',
      cause: error,
    });
  }
}

async function recordId(transaction: Write): Promise<string> {
  const row = await transaction.selectFrom('meta').select('value').where('key', '=', 'record_id').executeTakeFirst();
  if (row) return row.value;
  const id = randomUUID();
  await setMeta(transaction, 'record_id', id);
  return id;
}

async function retryWhileBusy<T>(work: () => Promise<T>): Promise<T> {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (Date.now() > until) {
        throw new VoltError('record_busy', `another process has held the record's lock for ${patience / 1000} s`, {
          remedy: 'See which process has volt.db open (fuser, lsof) and end it if it hangs.',
          cause: error,
        });
      }
      await pause(2 + Math.random() * 20);
    }
  }
}
