import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { checkValue, secretName } from '../secrets/names.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql, Write } from './database.ts';
import { findEnvironment, noEnvironment } from './environments.ts';
import { environmentSecretOf, writingVault } from './secret-key.ts';

/**
 * Secrets and variables of environments. They have tables of their own, so that a query for those of a repository never finds
 * them.
 */
type Table = 'environment_secrets' | 'environment_variables';

export interface EntryOfEnvironment {
  repo: string;
  environment: string;
  name: string;
}

/** Most secrets or variables of one environment, as on GitHub. */
const mostEntries = 100;

/** @throws VoltError `bad_name`, `bad_request`, `not_found`, `conflict`, errors of the key file */
export async function setEnvironmentSecret(
  database: Database,
  config: Config,
  { value, ...entry }: EntryOfEnvironment & { value: string },
): Promise<void> {
  const key = keyOf(entry);
  checkValue(value);
  await database.write(async (db) => {
    await makeRoom(db, 'environment_secrets', key);
    const vault = await writingVault(db, config);
    const { box, keyId } = vault.encrypt(value, environmentSecretOf(key.repo, key.environment, key.name));
    const row = { ...key, value: box, key_id: keyId, updated_at: serverNow() };
    await db.insertInto('environment_secrets').values(row).execute();
  });
}

/** @throws VoltError `bad_name`, `bad_request`, `not_found`, `conflict` */
export async function setEnvironmentVariable(
  database: Database,
  { value, ...entry }: EntryOfEnvironment & { value: string },
): Promise<void> {
  const row = { ...keyOf(entry), value: checkValue(value), updated_at: serverNow() };
  await database.write(async (db) => {
    await makeRoom(db, 'environment_variables', row);
    await db.insertInto('environment_variables').values(row).execute();
  });
}

/** Names of the secrets. @throws VoltError `not_found` */
export async function listEnvironmentSecrets(database: Database, repo: string, environment: string) {
  await requireEnvironment(database.db, repo, environment);
  const rows = await database.db
    .selectFrom('environment_secrets')
    .select(['name', 'updated_at'])
    .where('repo', '=', repo)
    .where('environment', '=', environment.toLowerCase())
    .orderBy('name')
    .execute();
  return rows.map(({ name, updated_at }) => ({
    ...{ name, repo, inEnvironment: false },
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

/** @throws VoltError `not_found` */
export async function listEnvironmentVariables(database: Database, repo: string, environment: string) {
  await requireEnvironment(database.db, repo, environment);
  const rows = await variablesIn(database.db, repo, environment);
  return rows.map(({ name, value, updated_at }) => ({
    ...{ name, repo, value },
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

/** The variables of an environment, by name; none for one that nobody has set. */
export async function environmentVariables(
  db: Sql,
  repo: string,
  environment: string,
): Promise<{ [name: string]: string }> {
  const rows = await variablesIn(db, repo, environment);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

function variablesIn(db: Sql, repo: string, environment: string) {
  return db
    .selectFrom('environment_variables')
    .selectAll()
    .where('repo', '=', repo)
    .where('environment', '=', environment.toLowerCase())
    .orderBy('name')
    .execute();
}

/**
 * The secrets of an environment that a job may use, by name.
 * @param named the names that the job uses, `*` for all
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function environmentSecrets(
  database: Database,
  config: Config,
  { repo, environment }: Omit<EntryOfEnvironment, 'name'>,
  named: readonly string[] | '*',
): Promise<{ [name: string]: string }> {
  const key = environment.toLowerCase();
  const rows = await database.db
    .selectFrom('environment_secrets')
    .selectAll()
    .where('repo', '=', repo)
    .where('environment', '=', key)
    .execute();
  const wanted = rows.filter(({ name }) => named === '*' || named.includes(name));
  if (wanted.length === 0) return {};
  const vault = Vault.open(config);
  return Object.fromEntries(
    wanted.map(({ name, value, key_id }) => [
      name,
      vault.decrypt({ box: value, keyId: key_id }, environmentSecretOf(repo, key, name)),
    ]),
  );
}

/** @throws VoltError `not_found` */
export async function removeEnvironmentEntry(database: Database, table: Table, entry: EntryOfEnvironment) {
  if (await database.write((db) => deleteEntry(db, table, keyOf(entry)))) return;
  const [what, command] = table === 'environment_secrets' ? ['secret', 'secret'] : ['variable', 'var'];
  throw new VoltError('not_found', `the environment ${entry.environment} has no ${what} ${entry.name}`, {
    remedy: `See \`volt ${command} ls --repo ${entry.repo} --environment ${entry.environment}\`.`,
  });
}

function keyOf({ repo, environment, name }: EntryOfEnvironment): EntryOfEnvironment {
  return { repo, environment: environment.toLowerCase(), name: secretName(name) };
}

/** Removes the former entry of the name. */
async function makeRoom(db: Write, table: Table, entry: EntryOfEnvironment): Promise<void> {
  await requireEnvironment(db, entry.repo, entry.environment);
  await deleteEntry(db, table, entry);
  const { count } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('repo', '=', entry.repo)
    .where('environment', '=', entry.environment)
    .executeTakeFirstOrThrow();
  if (Number(count) < mostEntries) return;
  throw new VoltError('conflict', `the environment has already ${mostEntries} of them, which is the limit`, {
    remedy: 'Remove an unused one.',
  });
}

async function deleteEntry(db: Write, table: Table, { repo, environment, name }: EntryOfEnvironment): Promise<boolean> {
  const gone = await db
    .deleteFrom(table)
    .where('repo', '=', repo)
    .where('environment', '=', environment)
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  return gone !== undefined;
}

async function requireEnvironment(db: Sql, repo: string, environment: string): Promise<void> {
  if (!(await findEnvironment(db, repo, environment))) throw noEnvironment(repo, environment);
}
