import type { Config } from '../kernel/config.ts';
import { asVoltError, type VoltError } from '../kernel/errors.ts';
import { type Belonging, Vault } from '../secrets/vault.ts';
import type { Database, Sql, Write } from './database.ts';
import type { EntryOwner } from './scoped-entries.ts';

/** The context that an encrypted secret is bound to. */
export function secretOf(repo: EntryOwner, name: string): Belonging {
  return { kind: 'secret', repo, name };
}

/** The context that an encrypted secret of an environment is bound to. */
export function environmentSecretOf(repo: string, environment: string, name: string): Belonging {
  return { kind: 'environment', repo, name: `${name} of the environment ${environment}` };
}

/** The context that an encrypted credential is bound to. */
export function credentialOf(repo: string): Belonging {
  return { kind: 'credential', repo, name: 'fetch' };
}

/** The context that an encrypted token of a forge is bound to: at another address it cannot be decrypted. */
export function forgeTokenOf({ name, api }: { name: string; api: string }): Belonging {
  return { kind: 'forge', repo: null, name: `${name} at ${api}` };
}

/** The context that an encrypted token for jobs is bound to, likewise. */
export function jobTokenOf({ name, api }: { name: string; api: string }): Belonging {
  return { kind: 'forge', repo: null, name: `${name} at ${api} for jobs` };
}

/** The context that the encrypted address of a target of notices is bound to. */
export function noticeAddressOf(name: string): Belonging {
  return { kind: 'notice', repo: null, name };
}

/** The context that the encrypted client secret of a provider is bound to: at another address it cannot be decrypted. */
export function clientSecretOf({ name, url }: { name: string; url: string }): Belonging {
  return { kind: 'provider', repo: null, name: `${name} at ${url}` };
}

/** The context that an encrypted key of ID tokens is bound to. */
export function idTokenKeyOf(id: string): Belonging {
  return { kind: 'id-token', repo: null, name: id };
}

/** The context that the encrypted token of an attempt is bound to. */
export function issuedTokenOf({ job, attempt, api }: { job: string; attempt: number; api: string }): Belonging {
  return { kind: 'forge', repo: null, name: `${job}.${attempt} at ${api}` };
}

/** The context that the encrypted key of a webhook is bound to. */
export function hookKeyOf(repo: string): Belonging {
  return { kind: 'webhook', repo, name: 'key' };
}

/**
 * The vault for writing: a database without encrypted values may get its key now. It is opened in the transaction that
 * writes, so that no value is written with a former key after a key rotation.
 */
export async function writingVault(db: Write, config: Config): Promise<Vault> {
  const encrypted =
    (await db.selectFrom('secrets').select('key_id').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('environment_secrets').select('key_id').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('credentials').select('key_id').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('forges').select('key_id').limit(1).executeTakeFirst()) ??
    (await db.selectFrom('notice_targets').select('key_id').limit(1).executeTakeFirst()) ??
    (await hookKeys(db).limit(1).executeTakeFirst()) ??
    (await clientSecrets(db).limit(1).executeTakeFirst());
  return encrypted ? Vault.open(config) : Vault.openOrCreate(config);
}

/** Why some secret or credential cannot be decrypted, undefined if all can. */
export async function keyProblem({ db }: Pick<Database, 'db'>, config: Config): Promise<VoltError | undefined> {
  const used = await keysInUse(db);
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
 * Makes a new key and encrypts everything with it. If it is interrupted at any moment, every value can be decrypted with the
 * key file, and the rotation can be repeated. The key file changes only within a transaction, so two rotations at once do not
 * lose a key of each other.
 * @returns id of the new key
 * @throws VoltError errors of the key file, `secrets_key_wrong` if a value cannot be decrypted beforehand
 */
export async function rotateKey(database: Database, config: Config): Promise<string> {
  const keyId = await database.write(async (db) => {
    await writingVault(db, config);
    const problem = await keyProblem({ db }, config);
    if (problem) throw problem;
    const vault = Vault.beginRotation(config);
    await encryptAnew(db, vault);
    // whoever had the former key could sign with them; new ones are made when they are needed
    await db.deleteFrom('id_token_keys').execute();
    return vault.keyId;
  });
  await database.write(async (db) => Vault.forgetUnused(config, await keysInUse(db)));
  return keyId;
}

async function encryptAnew(db: Write, vault: Vault): Promise<void> {
  for (const { repo, name, value, key_id } of await db.selectFrom('secrets').selectAll().execute()) {
    const of = secretOf(repo, name);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db
      .updateTable('secrets')
      .set({ value: box, key_id: keyId })
      .where('repo', repo === null ? 'is' : '=', repo)
      .where('name', '=', name)
      .execute();
  }
  const ofEnvironments = await db.selectFrom('environment_secrets').selectAll().execute();
  for (const { repo, environment, name, value, key_id } of ofEnvironments) {
    const of = environmentSecretOf(repo, environment, name);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db
      .updateTable('environment_secrets')
      .set({ value: box, key_id: keyId })
      .where('repo', '=', repo)
      .where('environment', '=', environment)
      .where('name', '=', name)
      .execute();
  }
  for (const { repo, value, key_id } of await db.selectFrom('credentials').selectAll().execute()) {
    const of = credentialOf(repo);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db.updateTable('credentials').set({ value: box, key_id: keyId }).where('repo', '=', repo).execute();
  }
  for (const { name, api, token, key_id } of await db.selectFrom('forges').selectAll().execute()) {
    const of = forgeTokenOf({ name, api });
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: token, keyId: key_id }, of), of);
    await db.updateTable('forges').set({ token: box, key_id: keyId }).where('name', '=', name).execute();
  }
  for (const { name, address, key_id } of await db.selectFrom('notice_targets').selectAll().execute()) {
    const of = noticeAddressOf(name);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: address, keyId: key_id }, of), of);
    await db.updateTable('notice_targets').set({ address: box, key_id: keyId }).where('name', '=', name).execute();
  }
  for (const { name, api, value, key_id } of await jobTokens(db).execute()) {
    const of = jobTokenOf({ name, api });
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db.updateTable('forges').set({ job_token: box, job_token_key_id: keyId }).where('name', '=', name).execute();
  }
  for (const { job_id, attempt, api, token, key_id } of await db.selectFrom('issued_tokens').selectAll().execute()) {
    const of = issuedTokenOf({ job: job_id, attempt, api });
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: token, keyId: key_id }, of), of);
    await db
      .updateTable('issued_tokens')
      .set({ token: box, key_id: keyId })
      .where('job_id', '=', job_id)
      .where('attempt', '=', attempt)
      .execute();
  }
  for (const { name, value, key_id } of await hookKeys(db).execute()) {
    const of = hookKeyOf(name);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db.updateTable('repositories').set({ hook_key: box, hook_key_id: keyId }).where('name', '=', name).execute();
  }
  for (const { name, url, value, key_id } of await clientSecrets(db).execute()) {
    const of = clientSecretOf({ name, url });
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db.updateTable('providers').set({ client_secret: box, key_id: keyId }).where('name', '=', name).execute();
  }
}

function clientSecrets(db: Sql) {
  return db
    .selectFrom('providers')
    .select(['name', 'url', 'client_secret as value', 'key_id'])
    .where('client_secret', 'is not', null)
    .$narrowType<{ value: string; key_id: string }>();
}

function jobTokens(db: Sql) {
  return db
    .selectFrom('forges')
    .select(['name', 'api', 'job_token as value', 'job_token_key_id as key_id'])
    .where('job_token', 'is not', null)
    .$narrowType<{ value: string; key_id: string }>();
}

function hookKeys(db: Sql) {
  return db
    .selectFrom('repositories')
    .select(['name', 'hook_key as value', 'hook_key_id as key_id'])
    .where('hook_key', 'is not', null)
    .$narrowType<{ value: string; key_id: string }>();
}

async function keysInUse(db: Sql): Promise<Set<string>> {
  const rows = [
    ...(await db.selectFrom('secrets').select('key_id').distinct().execute()),
    ...(await db.selectFrom('environment_secrets').select('key_id').distinct().execute()),
    ...(await db.selectFrom('credentials').select('key_id').distinct().execute()),
    ...(await db.selectFrom('forges').select('key_id').distinct().execute()),
    ...(await db.selectFrom('notice_targets').select('key_id').distinct().execute()),
    ...(await jobTokens(db).execute()),
    ...(await db.selectFrom('issued_tokens').select('key_id').distinct().execute()),
    ...(await hookKeys(db).execute()),
    ...(await clientSecrets(db).execute()),
  ];
  return new Set(rows.map((row) => row.key_id));
}
