import { randomBytes } from 'node:crypto';
import type { Config } from '../kernel/config.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql } from './database.ts';
import { observed } from './observed.ts';
import { hookKeyOf, writingVault } from './secret-key.ts';

/** How the calls of a repository's webhook are signed. */
export interface HookKeys {
  /** the salt that its secret is derived from */
  salt: string;
  /** the key that the forge itself has made; null without one */
  key: string | null;
}

/**
 * @returns undefined for an unknown repository, and for one without a webhook
 * @throws VoltError errors of the key file
 */
export async function hookKeysOf(database: Database, config: Config, repo: string): Promise<HookKeys | undefined> {
  const row = await hookRow(database.db, repo);
  if (!row || row.hook_salt === null) return undefined;
  const { hook_salt: salt, hook_key: box, hook_key_id: keyId } = row;
  const key = box === null || keyId === null ? null : Vault.open(config).decrypt({ box, keyId }, hookKeyOf(repo));
  return { salt, key };
}

/**
 * Gives a repository a webhook if it has none.
 * @param change.rotate whether an existing webhook gets another secret, and loses the key of its forge
 * @param change.key the key that the forge itself has made; undefined for no change
 * @returns the salt that its secret is derived from; undefined for an unknown repository
 * @throws VoltError errors of the key file
 */
export async function ensureHook(
  database: Database,
  config: Config,
  repo: string,
  { rotate, key }: { rotate: boolean; key: string | undefined },
): Promise<string | undefined> {
  return database.write(async (db) => {
    const row = await hookRow(db, repo);
    if (!row) return undefined;
    const salt = row.hook_salt === null || rotate ? randomBytes(16).toString('hex') : row.hook_salt;
    const kept = rotate ? { hook_key: null, hook_key_id: null } : {};
    const { box, keyId } =
      key === undefined
        ? { box: undefined, keyId: undefined }
        : (await writingVault(db, config)).encrypt(key, hookKeyOf(repo));
    const changed = { hook_salt: salt, ...kept, ...(box !== undefined && { hook_key: box, hook_key_id: keyId }) };
    await db.updateTable('repositories').set(changed).where('name', '=', repo).execute();
    return salt;
  });
}

function hookRow(db: Sql, repo: string) {
  return observed(db).select(['hook_salt', 'hook_key', 'hook_key_id']).where('name', '=', repo).executeTakeFirst();
}
