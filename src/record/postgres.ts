import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
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
import type { Engine } from './engine.ts';
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

/** Milliseconds that one statement may take on the server, its wait for locks included. */
const statementTimeout = 30_000;
/** Milliseconds that a transaction waits for another one's lock before it is begun again, and people are told. */
const lockTimeout = 1000;
/** A transaction whose process has stood still for this long (ms) is ended by the server. */
const idleTimeout = 5000;
/** Milliseconds that making a connection may take, and waiting for a free one. */
const connectTimeout = 5_000;
/** The oldest version of the server, as it numbers them. */
const oldest = 130_000;

/** The advisory lock of the database that every transaction takes; any number will do. */
export const writeLock = 8_650_751;

/** PostgreSQL, through pg, which is loaded only where it is used, since it takes memory. */
export async function postgresEngine(
  url: string,
  { databasePool, databasePassword }: Pick<Config, 'databasePool' | 'databasePassword'>,
): Promise<Engine> {
  const named = parsePostgresUrl(url);
  const address = { ...named, password: named.password ?? databasePassword };
  const shown = shownAddress(address);
  const explained = (error: unknown) => explainedError(error, shown);
  const { Pool, types } = (await import('pg')).default;
  return {
    kind: 'postgres',
    dialect: new WritingDialect(
      { pool: new Connections(new Pool(poolConfig(address, databasePool, types)), explained) },
      shown,
    ),
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
    forMigration: async (db) => {
      await requireVersion(db);
      // a change of a large table takes its time
      await sql`set local statement_timeout = 0`.execute(db);
      return db.withPlugin(postgresTypes);
    },
    place,
    // a commit is answered when it is on the server's disk, see synchronous_commit
    durable: async () => undefined,
    close: async () => undefined,
    obstacle: (error) => obstacleOf(error, shown),
    explained,
  };
}

/** A server that has taken the place of another one has its identifier; one that a dump was put into has not. */
async function place(db: Kysely<Schema>): Promise<string | undefined> {
  try {
    const { rows } = await sql<{ place: string }>`
      select (select system_identifier from pg_control_system()) || ' ' || oid as place
      from pg_database where datname = current_database()`.execute(db);
    return rows[0]?.place;
  } catch {
    // it may be forbidden
    return undefined;
  }
}

/** @throws VoltError `record_unfit` */
async function requireVersion(db: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ number: string; name: string }>`
    select current_setting('server_version_num') as number, current_setting('server_version') as name`.execute(db);
  const [version] = rows;
  if (version && Number(version.number) >= oldest) return;
  throw new VoltError('record_unfit', `the database server is PostgreSQL ${version?.name}, which is too old`, {
    remedy: `Use PostgreSQL ${oldest / 10_000} or newer.`,
  });
}

class WritingDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;
  readonly #place: string;

  constructor(config: PostgresDialectConfig, place: string) {
    super(config);
    this.#config = config;
    this.#place = place;
  }

  override createDriver(): Driver {
    return new WritingDriver(this.#config, this.#place);
  }
}

class WritingDriver extends PostgresDriver {
  readonly #place: string;

  constructor(config: PostgresDialectConfig, place: string) {
    super(config);
    this.#place = place;
  }

  /**
   * As in SQLite, one transaction of all processes writes at a time: what it has read still holds when it is committed,
   * whatever the level of isolation. Both statements are one exchange with the server.
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw(`begin; select pg_advisory_xact_lock(${writeLock})`));
    } catch (error) {
      // it has begun, and waited in vain
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
        `the database ${this.#place} went away while it was being written`,
        {
          remedy: 'See whether it was recorded before you ask for it again.',
          cause: error,
        },
      );
    }
  }

  /** A connection that is lost has rolled back; what is to be told then is the first error. */
  override async rollbackTransaction(...args: Parameters<PostgresDriver['rollbackTransaction']>): Promise<void> {
    await super.rollbackTransaction(...args).catch(() => undefined);
  }
}

/** Its number among PostgreSQL's types. */
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
    // a server that falls silent says nothing of its own bounds either
    query_timeout: statementTimeout + connectTimeout,
    types: {
      // all numbers of the record are small enough to be exact as numbers
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
    // a connection that nobody uses has gone; the next one who needs one makes it
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

/** A connection while somebody has it. */
class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #explained: (error: unknown) => unknown;
  #broken = false;

  constructor(client: pg.PoolClient, explained: (error: unknown) => unknown) {
    this.#client = client;
    this.#explained = explained;
    // told to whoever runs a query meanwhile
    client.on('error', this.#lost);
  }

  // streams of rows by a cursor, its other form, are not used
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

/** PostgreSQL's texts hold any character but NUL. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
