import {
  CompiledQuery,
  type DatabaseConnection,
  HandleEmptyInListsPlugin,
  type Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  type PostgresPool,
  type PostgresPoolClient,
  replaceWithNoncontingentExpression,
  sql,
  type Transaction,
} from 'kysely';
import type * as pg from 'pg';
import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { type Engine, withDriver } from './engine.ts';
import {
  explainedError,
  isOfConnection,
  isUnreachable,
  obstacleOf,
  UncertainCommit,
  wasNeverSent,
} from './postgres-errors.ts';
import { postgresTypes } from './postgres-types.ts';
import { type PostgresAddress, parsePostgresUrl, shownAddress } from './postgres-url.ts';
import type { Schema } from './schema.ts';

/** Milliseconds that a statement may take on the server, including its wait for locks. */
const statementTimeout = 30_000;
/** Milliseconds that a transaction waits for the lock of another one before it starts again and the wait is reported. */
const lockTimeout = 1000;
/** The server ends a transaction whose process was idle for this long (ms). */
const idleTimeout = 5000;
/** Milliseconds that connecting, and waiting for a free connection, may take. */
const connectTimeout = 5_000;
/** The oldest supported version of the server, as `server_version_num`. */
const oldest = 130_000;

/** The advisory lock of the database that every transaction takes; any number will do. */
export const writeLock = 8_650_751;

/** PostgreSQL, through pg. That is loaded on first use only, since it takes memory. */
export async function postgresEngine(
  url: string,
  { databasePool, databasePassword }: Pick<Config, 'databasePool' | 'databasePassword'>,
): Promise<Engine> {
  const named = parsePostgresUrl(url);
  const address = { ...named, password: named.password ?? databasePassword };
  const shown = shownAddress(address);
  const explained = (error: unknown) => explainedError(error, shown);
  const { Pool, types } = (await import('pg')).default;
  const config = { pool: new Connections(new Pool(poolConfig(address, databasePool, types)), explained) };
  return {
    kind: 'postgres',
    dialect: withDriver(new PostgresDialect(config), () => new WritingDriver(config, shown)),
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
    forMigration: async (db) => {
      await requireVersion(db);
      // a migration of a large table may take long
      await sql`set local statement_timeout = 0`.execute(db);
      return db.withPlugin(postgresTypes);
    },
    location,
    // the server answers a commit when it is on its disk, see synchronous_commit
    durable: async () => undefined,
    close: async () => undefined,
    obstacle: (error) => obstacleOf(error, shown),
    explained,
  };
}

/** A server that took over by a failover has the same identifier; a server restored from a dump has another one. */
async function location(db: Kysely<Schema>): Promise<string | undefined> {
  try {
    const { rows } = await sql<{ location: string }>`
      select (select system_identifier from pg_control_system()) || ' ' || oid as location
      from pg_database where datname = current_database()`.execute(db);
    return rows[0]?.location;
  } catch {
    // the user may lack the right to read it
    return undefined;
  }
}

/** @throws VoltError `record_unfit` */
async function requireVersion(db: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ number: string; name: string }>`
    select current_setting('server_version_num') as number, current_setting('server_version') as name`.execute(db);
  const [version] = rows;
  if (version && Number(version.number) >= oldest) return;
  throw new VoltError('record_unfit', `PostgreSQL ${version?.name} of the database server is too old`, {
    remedy: `Use PostgreSQL ${oldest / 10_000} or newer.`,
  });
}

class WritingDriver extends PostgresDriver {
  readonly #address: string;

  constructor(config: PostgresDialectConfig, address: string) {
    super(config);
    this.#address = address;
  }

  /**
   * As in SQLite, only one transaction of all processes writes at a time: what it has read still holds when it commits,
   * whatever the isolation level. Both statements are one exchange with the server.
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw(`begin; select pg_advisory_xact_lock(${writeLock})`));
    } catch (error) {
      // the transaction has started and waited too long
      if (!isUnreachable(error)) await connection.executeQuery(CompiledQuery.raw('rollback'));
      throw error;
    }
  }

  override async commitTransaction(...args: Parameters<PostgresDriver['commitTransaction']>): Promise<void> {
    try {
      await super.commitTransaction(...args);
    } catch (error) {
      if (!isUnreachable(error) || wasNeverSent(error)) throw error;
      throw new UncertainCommit(
        'record_unreachable',
        `the connection to the database ${this.#address} was lost during a commit`,
        {
          remedy: 'Check whether the change was recorded before you try again.',
          cause: error,
        },
      );
    }
  }

  /** A lost connection has rolled back; the first error matters then. */
  override async rollbackTransaction(...args: Parameters<PostgresDriver['rollbackTransaction']>): Promise<void> {
    await super.rollbackTransaction(...args).catch(() => undefined);
  }
}

/** Number of the type in PostgreSQL. */
const int8 = 20;

function poolConfig(
  { host, port, user, password, database, ssl }: PostgresAddress,
  most: number,
  types: typeof pg.types,
): pg.PoolConfig {
  return {
    ...{ host, port, database, ssl, max: most, keepAlive: true, application_name: 'volt' },
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    connectionTimeoutMillis: connectTimeout,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
    idle_in_transaction_session_timeout: idleTimeout,
    // a silent server does not enforce its own timeouts
    query_timeout: statementTimeout + connectTimeout,
    types: {
      // all stored numbers are small enough to be exact
      getTypeParser: (type, format) => (type === int8 ? Number : types.getTypeParser(type, format)),
    },
  };
}

/** The connections of this process. */
class Connections implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #explained: (error: unknown) => unknown;

  constructor(pool: pg.Pool, explained: (error: unknown) => unknown) {
    this.#pool = pool;
    this.#explained = explained;
    // an idle connection was lost; the next caller makes a new one
    this.#pool.on('error', () => undefined);
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new Connection(await this.#pool.connect(), this.#explained);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** A connection that is in use. */
class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #explained: (error: unknown) => unknown;
  #broken = false;

  constructor(client: pg.PoolClient, explained: (error: unknown) => unknown) {
    this.#client = client;
    this.#explained = explained;
    // the running query reports it
    client.on('error', this.#lost);
  }

  // streaming rows by a cursor, the other form, is not used
  readonly query = (async (text: string, values: readonly unknown[]) => {
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await this.#client.query(text, values.map(storable));
      return Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result;
    } catch (error) {
      if (isOfConnection(error)) this.#broken = true;
      throw this.#explained(error);
    }
  }) as unknown as PostgresPoolClient['query'];

  release = (destroy = false): void => {
    this.#client.off('error', this.#lost);
    this.#client.release(destroy || this.#broken);
  };

  #lost = (): void => {
    this.#broken = true;
  };
}

/** Texts of PostgreSQL may contain any character but NUL. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
