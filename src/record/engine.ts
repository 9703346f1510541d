import type { Dialect, Driver, Kysely, KyselyPlugin, Transaction } from 'kysely';
import type { VoltError } from '../kernel/errors.ts';
import type { Schema } from './schema.ts';

/** What differs between SQLite and PostgreSQL. All other code of the database works with both. */
export interface Engine {
  readonly kind: 'sqlite' | 'postgres';
  readonly dialect: Dialect;
  readonly plugins: KyselyPlugin[];
  /**
   * The transaction in a form that can change the schema with SQLite's types.
   * @throws VoltError `record_unfit`
   */
  forMigration(transaction: Transaction<Schema>): Promise<Transaction<Schema>>;
  /**
   * Why a transaction that ended with `error` may start again: nothing of it was written, and the obstacle is transient.
   * Undefined if trying again is no use.
   */
  obstacle(error: unknown): Obstacle | undefined;
  /**
   * Equal for two connections exactly if they use the same database, not copies with the same content; undefined if unknown.
   */
  location(db: Kysely<Schema>): Promise<string | undefined>;
  /** Resolves when everything that was committed before the call, by any process, survives a power cut. */
  durable(): Promise<void>;
  /** Releases what `durable` uses. */
  close(): Promise<void>;
  /** Turns an error of the database into one for people; other errors stay as they are. */
  explained(error: unknown): unknown;
}

export interface Obstacle {
  /** the error for people if the obstacle stays */
  error: VoltError;
  /** milliseconds until the next try */
  pause: number;
}

/** A dialect with another driver. */
export function withDriver(dialect: Dialect, createDriver: () => Driver): Dialect {
  return {
    createDriver,
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}
