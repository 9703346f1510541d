import type { Config } from '../kernel/config.ts';
import { asVoltError, type VoltError } from '../kernel/errors.ts';
import { type Belonging, Vault } from '../secrets/vault.ts';
import type { Database, Sql, Write } from './database.ts';
import type { EntryOwner } from './scoped-entries.ts';

/** What a secret is bound to. */
export function secretOf(repo: EntryOwner, name: string): Belonging {
  return { kind: 'secret', repo, name };
}

/** What the credential of a repository is bound to. */
export function credentialOf(repo: string): Belonging {
  return { kind: 'credential', repo, name: 'fetch' };
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

/** Why some secret or credential of the record could not be decrypted now, or undefined where all can. */
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
 * Makes a new key and encrypts everything with it. Whatever moment it is cut off at, every value can be decrypted with
 * the key file as it is then, and it can be begun again. The key file is changed only by whoever writes to the record, so
 * that of two who rotate at once neither forgets a key of the other.
 * @returns id of the new key
 * @throws VoltError those of the key file, `secrets_key_wrong` where a value cannot be decrypted to begin with
 */
export async function rotateKey(database: Database, config: Config): Promise<string> {
  const keyId = await database.write(async (db) => {
    await writingVault(db, config);
    const problem = await keyProblem({ db }, config);
    if (problem) throw problem;
    const vault = Vault.beginRotation(config);
    await encryptAnew(db, vault);
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
  for (const { repo, value, key_id } of await db.selectFrom('credentials').selectAll().execute()) {
    const of = credentialOf(repo);
    const { box, keyId } = vault.encrypt(vault.decrypt({ box: value, keyId: key_id }, of), of);
    await db.updateTable('credentials').set({ value: box, key_id: keyId }).where('repo', '=', repo).execute();
  }
}

async function keysInUse(db: Sql): Promise<Set<string>> {
  const rows = [
    ...(await db.selectFrom('secrets').select('key_id').distinct().execute()),
    ...(await db.selectFrom('credentials').select('key_id').distinct().execute()),
  ];
  return new Set(rows.map((row) => row.key_id));
}
