import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Kysely, type Transaction } from 'kysely';
import pLimit from 'p-limit';
import type { Config } from '../kernel/config.ts';
import { makeDataDirectory } from '../kernel/data-directory.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problems.ts';
import { newPrivateKey, type Signer, signerOf } from '../secrets/signing.ts';
import { pause } from '../system/wait.ts';
import { type DatabaseAddress, databaseAddress } from './address.ts';
import { keepCopy } from './copies.ts';
import type { Engine, Obstacle } from './engine.ts';
import { setMeta } from './meta.ts';
import { postgresEngine } from './postgres.ts';
import type { Schema } from './schema.ts';
import { obstacle, sqliteEngine } from './sqlite.ts';
import { migrate, type Upgrade } from './upgrade.ts';

export type Sql = Kysely<Schema>;
export type Write = Transaction<Schema>;

/** How long (ms) a write waits for obstacles before it gives up. */
const patience = 10_000;
/** How long (ms) opening waits while another process migrates the database. */
const patienceAtOpening = 60_000;
/** A write that has waited longer than this (ms) is reported as a problem. */
const noticeable = 1000;
/** A problem that no write has met for this long (ms) is over: failed writes are tried again within seconds. */
const fade = 15_000;

/** The SQL database: what is true about builds. */
export class Database {
  readonly db: Sql;
  readonly kind: Engine['kind'];
  /** differs from that of any other database, so that two never share one Redis */
  readonly id: string;
  /** ids of the databases that it has replaced by a restore */
  readonly formerIds: readonly string[];
  /** signs this Volt's messages; whoever can read the database can sign */
  readonly signer: Signer;
  /** tells the database from copies of it; undefined if unknown, see Engine.location */
  readonly location: string | undefined;
  /** set if opening has migrated it */
  readonly upgrade: Upgrade | undefined;
  readonly #engine: Engine;
  /** set if everything belongs to this transaction, see `within` */
  readonly #transaction: Write | undefined;
  /** a write that waits for others of this process needs no connection yet */
  readonly #writeQueue = pLimit(1);
  #problem: { shown: Problem; at: number } | undefined;

  private constructor(
    db: Sql,
    engine: Engine,
    identity: { id: string; formerIds: readonly string[]; signer: Signer; location: string | undefined },
    upgrade: Upgrade | undefined,
    transaction?: Write,
  ) {
    this.db = db;
    this.kind = engine.kind;
    this.id = identity.id;
    this.formerIds = identity.formerIds;
    this.signer = identity.signer;
    this.location = identity.location;
    this.upgrade = upgrade;
    this.#engine = engine;
    this.#transaction = transaction;
  }

  /**
   * This database inside of a transaction of it: all that is read and written through it belongs to the transaction, so several
   * changes that would be transactions of their own happen together.
   */
  within(transaction: Write): Database {
    return new Database(transaction, this.#engine, this, this.upgrade, transaction);
  }

  /**
   * Opens the database that the settings name, and migrates it.
   * @throws VoltError `bad_setting`, `data_unwritable`, `record_damaged`, `record_newer`, `record_incomplete`, `record_busy`; with
   * PostgreSQL also `record_unreachable`, `record_denied`, `record_missing`, `record_unfit`
   */
  static async open(config: Config): Promise<Database> {
    makeDataDirectory(config.dataDir);
    const address = databaseAddress(config);
    const engine = await openEngine(address, config);
    const db = new Kysely<Schema>({ dialect: engine.dialect, plugins: engine.plugins });
    const tried = <T>(work: () => Promise<T>) =>
      untilDone(work, { obstacle: (error) => engine.obstacle(error), most: patienceAtOpening });
    try {
      const upgrade = await tried(() =>
        migrate(db, engine, (version) => (address.kind === 'sqlite' ? keepCopy(address.file, version) : null)),
      );
      const [id, privateKey] = await tried(() =>
        db
          .transaction()
          .execute(
            async (begun) =>
              [
                await madeOnce(begun, 'record_id', randomUUID),
                await madeOnce(begun, 'signing_key', newPrivateKey),
              ] as const,
          ),
      );
      const identity = {
        ...{ id, formerIds: await formerIds(db), signer: signerOf(privateKey) },
        location: await engine.location(db),
      };
      return new Database(db, engine, identity, upgrade);
    } catch (error) {
      await db.destroy();
      throw engine.explained(error);
    }
  }

  /**
   * Runs `work` as one transaction. Only one transaction writes at a time. It starts again after a transient obstacle.
   * @throws VoltError `record_busy`, `record_full`, `record_failed`, `record_damaged`, `record_unreachable`, and errors
   * of `work`. Nothing is written then, unless the connection was lost during the commit
   */
  async write<T>(work: (transaction: Write) => Promise<T>): Promise<T> {
    if (this.#transaction) return work(this.#transaction);
    try {
      const result = await this.#writeQueue(() =>
        untilDone(() => this.db.transaction().execute(work), {
          obstacle: (error) => this.#engine.obstacle(error),
          waiting: (ms, { error }) => {
            if (ms > noticeable) this.#note(error);
          },
        }),
      );
      this.#problem = undefined;
      return result;
    } catch (thrown) {
      const error = this.#engine.explained(thrown);
      if (error instanceof VoltError && error.code.startsWith('record_')) this.#note(error);
      throw error;
    }
  }

  /**
   * Resolves when everything that was committed before the call, by any process, survives a power cut. Call it before others
   * learn of a commit: before a message is sent, or before something is forgotten elsewhere because it is recorded here.
   * @throws VoltError `record_failed`
   */
  async durable(): Promise<void> {
    try {
      await this.#engine.durable();
    } catch (error) {
      throw new VoltError('record_failed', `the database cannot be written to its disk: ${errorText(error)}`, {
        remedy: 'Check the disk of the data directory; Volt retries automatically.',
        cause: error,
      });
    }
  }

  /**
   * Runs `work` as `write` does, and rolls it back.
   * @returns the result of `work`
   * @throws as `write` does
   */
  async rehearse<T>(work: (transaction: Write) => Promise<T>): Promise<T> {
    let outcome: { result: T } | undefined;
    const undo = new Error('rehearsed');
    try {
      return await this.write(async (db) => {
        outcome = { result: await work(db) };
        throw undo;
      });
    } catch (error) {
      if (error !== undo || !outcome) throw error;
      return outcome.result;
    }
  }

  /** What writes are waiting for or failing at now. */
  problems(): Problem[] {
    return this.#problem && Date.now() - this.#problem.at < fade ? [this.#problem.shown] : [];
  }

  #note({ code, message, remedy }: VoltError): void {
    this.#problem = { shown: { code, message, remedy }, at: Date.now() };
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await this.db.destroy();
  }
}

async function openEngine(address: DatabaseAddress, config: Config): Promise<Engine> {
  if (address.kind === 'postgres') {
    return postgresEngine(address.url, config);
  }
  makeDataDirectory(dirname(address.file));
  // opening sets the journal mode of a new file, which needs an exclusive lock for a moment
  return untilDone(async () => sqliteEngine(address.file), { obstacle });
}

async function formerIds(db: Sql): Promise<string[]> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', 'former_ids').executeTakeFirst();
  return row ? (JSON.parse(row.value) as string[]) : [];
}

async function madeOnce(transaction: Write, key: string, make: () => string): Promise<string> {
  const row = await transaction.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  if (row) return row.value;
  const value = make();
  await setMeta(transaction, key, value);
  return value;
}

interface Trying {
  obstacle: Engine['obstacle'];
  /** is called before each further try with the time waited so far (ms) */
  waiting?: (ms: number, obstacle: Obstacle) => void;
  /** longest wait (ms) for a lock */
  most?: number;
}

async function untilDone<T>(work: () => Promise<T>, trying: Trying): Promise<T> {
  const begun = Date.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const found = trying.obstacle(error);
      if (!found) throw error;
      const waited = Date.now() - begun;
      const most = found.error.code === 'record_busy' ? (trying.most ?? patience) : patience;
      if (waited > most) throw givenUp(found.error, most);
      trying.waiting?.(waited, found);
      await pause(found.pause);
      // timers alone, each late after a try, would keep the event loop from the holder of the lock in this process
      await nextTurn();
    }
  }
}

function givenUp({ code, message, remedy, cause }: VoltError, after: number): VoltError {
  return new VoltError(code, `${message}; given up after ${after / 1000} s`, { remedy, cause });
}
