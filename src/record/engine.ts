import type { Dialect, Kysely, KyselyPlugin, Transaction } from 'kysely';
import type { VoltError } from '../kernel/errors.ts';
import type { Schema } from './schema.ts';

/** What differs between the databases that a record may be in; everything else of a record knows none of them. */
export interface Engine {
  readonly kind: 'sqlite' | 'postgres';
  readonly dialect: Dialect;
  readonly plugins: KyselyPlugin[];
  /**
   * The transaction as one that may change the schema in SQLite's words.
   * @throws VoltError `record_unfit`
   */
  forMigration(transaction: Transaction<Schema>): Promise<Transaction<Schema>>;
  /**
   * Why a transaction that ended with `error` may be begun again, since nothing of it was written and what was in its
   * way passes; undefined where there is no use in that.
   */
  obstacle(error: unknown): Obstacle | undefined;
  /**
   * What two openings have in common exactly if they are of one database, and not of copies that have the same content;
   * undefined where that cannot be told.
   */
  place(db: Kysely<Schema>): Promise<string | undefined>;
  /** Resolves when all that was committed before the call, by whatever process, outlives a power cut. */
  durable(): Promise<void>;
  /** Gives back what `durable` has taken. */
  close(): Promise<void>;
  /** What a person is told of an error of the database; anything else stays as it is. */
  explained(error: unknown): unknown;
}

export interface Obstacle {
  /** what a person is told when it does not pass */
  error: VoltError;
  /** milliseconds after which it is worth another try */
  pause: number;
}
