import type { Config } from '../kernel/config.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import { checkValue, secretName } from '../secrets/names.ts';
import { type Belonging, Vault } from '../secrets/vault.ts';
import type { Record, Write } from './record.ts';

/** Whom a secret or variable is for: the repository of that name, or all of them. */
export type Scope = string | null;

/** What may be told of a secret. */
export interface SecretEntry {
  name: string;
  repo: Scope;
  /** whether jobs that no workflow describes have it in their environment */
  inEnvironment: boolean;
  updatedAt: string;
}

/** As many a scope may hold, as on GitHub. */
const mostEntries = 100;

/**
 * Sets a secret, or replaces it.
 * @throws VoltError `bad_name`, `bad_request`, `not_found` where there is no such repository, those of the key file
 */
export async function setSecret(
  record: Record,
  config: Config,
  entry: { repo: Scope; name: string; value: string; inEnvironment?: boolean | undefined },
): Promise<void> {
  const name = secretName(entry.name);
  checkValue(entry.value);
  if (entry.inEnvironment && entry.repo === null) {
    throw new VoltError('bad_request', 'a secret for all repositories cannot be in the environment of every job', {
      remedy: 'Set it for the repository whose jobs need it.',
    });
  }
  const { repo } = entry;
  await record.write(async (db) => {
    const vault = await writingVault(db, config);
    const { box, keyId } = vault.encrypt(entry.value, belonging(repo, name));
    await replaceEntry(db, 'secrets', {
      ...{ repo, name, value: box, key_id: keyId, updated_at: Date.now() },
      in_environment: entry.inEnvironment ? 1 : 0,
    });
  });
}

export async function listSecrets(record: Record, repo: Scope): Promise<SecretEntry[]> {
  const rows = await record.db
    .selectFrom('secrets')
    .select(['name', 'repo', 'in_environment', 'updated_at'])
    .where('repo', repo === null ? 'is' : '=', repo)
    .orderBy('name')
    .execute();
  return rows.map(({ name, repo, in_environment, updated_at }) => ({
    name,
    repo,
    inEnvironment: in_environment === 1,
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

/**
 * The secrets that a job may have; one of its repository goes before one for all.
 * @param named which the job names, `*` where that cannot be told; `environment` for those that are set to be in the
 * environment of every job that no workflow describes
 * @returns values by name
 * @throws VoltError those of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function secretsForJob(
  record: Record,
  config: Config,
  repo: string,
  named: readonly string[] | '*' | 'environment',
): Promise<{ [name: string]: string }> {
  const rows = await record.db
    .selectFrom('secrets')
    .selectAll()
    .where((eb) => eb.or([eb('repo', '=', repo), eb('repo', 'is', null)]))
    .execute();
  const wanted = rows.filter((row) =>
    named === 'environment' ? row.repo !== null && row.in_environment === 1 : named === '*' || named.includes(row.name),
  );
  const own = new Set(wanted.flatMap((row) => (row.repo === null ? [] : [row.name])));
  const chosen = wanted.filter((row) => row.repo !== null || !own.has(row.name));
  if (chosen.length === 0) return {};
  const vault = Vault.open(config);
  return Object.fromEntries(
    chosen.map(({ name, repo: scope, value, key_id }) => [
      name,
      vault.decrypt({ box: value, keyId: key_id }, belonging(scope, name)),
    ]),
  );
}

/** @throws VoltError `not_found` */
export async function removeSecret(record: Record, repo: Scope, name: string): Promise<void> {
  await record.write((db) => removeEntry(db, 'secrets', repo, secretName(name)));
}

/**
 * Makes a new key and encrypts everything with it. Whatever moment it is cut off at, every value can be decrypted with
 * the key file as it is then, and it can be begun again.
 * @returns id of the new key
 * @throws VoltError those of the key file, `secrets_key_wrong` where a value cannot be decrypted to begin with
 */
export async function rotateKey(record: Record, config: Config): Promise<string> {
  await record.write((db) => writingVault(db, config));
  const vault = Vault.beginRotation(config);
  await record.write(async (db) => {
    for (const { repo, name, value, key_id } of await db.selectFrom('secrets').selectAll().execute()) {
      const of = belonging(repo, name);
      const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
      await db
        .updateTable('secrets')
        .set({ value: box, key_id: keyId })
        .where('repo', repo === null ? 'is' : '=', repo)
        .where('name', '=', name)
        .execute();
    }
    for (const { repo, value, key_id } of await db.selectFrom('credentials').selectAll().execute()) {
      const of = credentialOf(repo);
      const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
      await db.updateTable('credentials').set({ value: box, key_id: keyId }).where('repo', '=', repo).execute();
    }
  });
  Vault.forgetFormer(config);
  return vault.keyId;
}

/** Why some secret or credential of the record could not be decrypted now, or undefined where all can. */
export async function keyTrouble({ db }: Record, config: Config): Promise<VoltError | undefined> {
  const rows = await Promise.all([
    db.selectFrom('secrets').select('key_id').distinct().execute(),
    db.selectFrom('credentials').select('key_id').distinct().execute(),
  ]);
  const used = new Set(rows.flat().map((row) => row.key_id));
  if (used.size === 0) return undefined;
  try {
    const vault = Vault.open(config);
    for (const keyId of used) vault.requireKey(keyId, 'a part of the secrets');
    return undefined;
  } catch (error) {
    return asVoltError(error);
  }
}

/**
 * The vault for writing: a record that holds nothing encrypted yet may get its key now. It is opened in the transaction
 * that writes, so that no value is written with a former key after a change of the key has passed.
 */
export async function writingVault(db: Write, config: Config): Promise<Vault> {
  const encrypted =
    (await db.selectFrom('secrets').select('key_id').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('credentials').select('key_id').limit(1).executeTakeFirst());
  return encrypted ? Vault.open(config) : Vault.openOrCreate(config);
}

export async function replaceEntry<T extends 'secrets' | 'variables'>(
  db: Write,
  table: T,
  row: { repo: Scope; name: string; value: string; updated_at: number } & (T extends 'secrets'
    ? { key_id: string; in_environment: number }
    : unknown),
): Promise<void> {
  if (row.repo !== null) await requireRepository(db, row.repo);
  await deleteEntry(db, table, row.repo, row.name);
  const { count } = await db
    .selectFrom(table as 'variables')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('repo', row.repo === null ? 'is' : '=', row.repo)
    .executeTakeFirstOrThrow();
  if (Number(count) >= mostEntries) {
    throw new VoltError('conflict', `there are ${mostEntries} ${table} already, which is as many as there may be`, {
      remedy: 'Remove one that is not used any more.',
    });
  }
  await db
    .insertInto(table as 'variables')
    .values(row)
    .execute();
}

export async function removeEntry(db: Write, table: 'secrets' | 'variables', repo: Scope, name: string): Promise<void> {
  if (await deleteEntry(db, table, repo, name)) return;
  const what = table === 'secrets' ? 'secret' : 'variable';
  throw new VoltError(
    'not_found',
    `there is no ${what} ${name} of ${repo === null ? 'all repositories' : `the repository ${repo}`}`,
    { remedy: `See \`volt ${table === 'secrets' ? 'secret' : 'var'} ls${repo === null ? '' : ` --repo ${repo}`}\`.` },
  );
}

/** @throws VoltError `not_found` */
export async function requireRepository(db: Pick<Write, 'selectFrom'>, repo: string): Promise<void> {
  const row = await db
    .selectFrom('repositories')
    .select('name')
    .where('name', '=', repo)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (row) return;
  throw new VoltError('not_found', `no repository named "${repo}" is observed`, {
    remedy: 'See `volt repo ls`; `volt repo add` observes one.',
  });
}

/** What the credential of a repository is bound to. */
export function credentialOf(repo: string): Belonging {
  return { kind: 'credential', repo, name: 'fetch' };
}

function belonging(repo: Scope, name: string): Belonging {
  return { kind: 'secret', repo, name };
}

async function deleteEntry(db: Write, table: 'secrets' | 'variables', repo: Scope, name: string): Promise<boolean> {
  const gone = await db
    .deleteFrom(table as 'variables')
    .where('repo', repo === null ? 'is' : '=', repo)
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  return gone !== undefined;
}
