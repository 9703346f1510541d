import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteFile from 'libsql';
import { loadConfig } from '../../src/kernel/config.ts';
import { makeDataDirectory } from '../../src/kernel/data-directory.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { Database } from '../../src/record/database.ts';
import { writeLock } from '../../src/record/postgres.ts';
import { hasPostgres, startPostgres, type TestPostgres } from './postgres.ts';

/** The database of this test run: SQLite, or with VOLT_TEST_DATABASE=postgres a PostgreSQL server. */
const databaseKind = process.env.VOLT_TEST_DATABASE === 'postgres' ? 'postgres' : 'sqlite';

interface Shared {
  server?: TestPostgres;
  made: Map<string, Promise<string>>;
  /** path of a SQLite database with all tables */
  file?: Promise<string>;
}

/** Mocha loads some files by `require` and some by `import`, so this module may be loaded twice. */
const everywhere = globalThis as { voltTestDatabase?: Shared };
everywhere.voltTestDatabase ??= { made: new Map() };
const shared = everywhere.voltTestDatabase;

/** A database with all tables; copying it takes a tenth of the processor time of creating another one. */
const template = 'volt_template';

/**
 * Settings of the database for a data directory.
 * @param from the database to copy, if it does not exist yet
 */
export async function databaseFor(
  dataDir: string,
  from: 'template' | 'new' = 'template',
): Promise<{ databaseUrl?: string }> {
  const { server, made } = shared;
  if (server === undefined) {
    if (databaseKind === 'sqlite' && from === 'template') await copyTemplate(dataDir);
    return {};
  }
  const name = `volt_${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;
  const url = made.get(name) ?? server.database(name, from === 'new' ? undefined : template);
  made.set(name, url);
  return { databaseUrl: await url };
}

async function copyTemplate(dataDir: string): Promise<void> {
  shared.file ??= makeTemplate();
  const from = await shared.file;
  const { record } = dataPaths(dataDir);
  if (existsSync(record)) return;
  makeDataDirectory(dataDir);
  copyFileSync(from, record);
}

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-template-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await closeAsTemplate(await Database.open(loadConfig({ dataDir: folder })));
  return dataPaths(folder).record;
}

/** Each copy gets an identity of its own. */
async function closeAsTemplate(record: Database): Promise<void> {
  await record.db.deleteFrom('meta').where('key', 'in', ['record_id', 'signing_key']).execute();
  await record.close();
}

/** The same settings as environment variables, for processes. */
export async function databaseEnvironment(
  dataDir: string,
  from: 'template' | 'new' = 'template',
): Promise<{ [name: string]: string }> {
  const { databaseUrl } = await databaseFor(dataDir, from);
  return databaseUrl === undefined ? {} : { VOLT_DATABASE_URL: databaseUrl };
}

/**
 * Writes to a database like another process that does not finish its transaction.
 * @param statement what it writes
 * @returns rolls it back
 */
export async function holdRecord(dataDir: string, statement?: string): Promise<() => Promise<void>> {
  const { databaseUrl } = await databaseFor(dataDir);
  const { server } = shared;
  if (server !== undefined && databaseUrl !== undefined) {
    const session = await server.session(new URL(databaseUrl).pathname.slice(1));
    await session.query(`begin; select pg_advisory_xact_lock(${writeLock})`);
    if (statement !== undefined) await session.query(statement);
    return () => session.end();
  }
  const file = new SqliteFile(dataPaths(dataDir).record);
  file.exec('begin immediate');
  if (statement !== undefined) file.exec(statement);
  return async () => {
    file.exec('rollback');
    file.close();
  };
}

/** The PostgreSQL server of this run. */
export function databaseServer(): TestPostgres {
  if (shared.server === undefined) throw new Error('this run is not on PostgreSQL');
  return shared.server;
}

/** A test of what only one of the databases has. */
export const only = {
  sqlite: (title: string, test: Mocha.AsyncFunc, ms = 60_000) =>
    databaseKind === 'sqlite' && it(title, test).timeout(ms),
  postgres: (title: string, test: Mocha.AsyncFunc, ms = 60_000) =>
    databaseKind === 'postgres' && it(title, test).timeout(ms),
};

export async function mochaGlobalSetup(): Promise<void> {
  if (databaseKind === 'sqlite' || !hasPostgres()) return;
  shared.server = await startPostgres();
  await closeAsTemplate(await Database.open(loadConfig({ databaseUrl: await shared.server.database(template) })));
}

export const mochaHooks =
  databaseKind === 'sqlite'
    ? {}
    : {
        beforeAll(this: Mocha.Context): void {
          if (shared.server === undefined) this.skip();
        },
        // must run before the check for leaks, see mocha-leaks.ts
        async afterAll(): Promise<void> {
          await shared.server?.stop();
        },
      };
