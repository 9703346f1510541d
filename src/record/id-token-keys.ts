import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type IdTokenKey, idTokenLifetime, makeIdTokenKey } from '../secrets/id-token.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database, Sql } from './database.ts';
import { idTokenKeyOf, writingVault } from './secret-key.ts';

/** Milliseconds for which a key signs: 30 days. */
const rotation = 30 * 24 * 3_600_000;
/** Milliseconds for which a new key is published before it signs, since verifiers keep a copy of the keys. */
const lead = 3_600_000;
/** Milliseconds for which a key is published after another has taken its place: its last token ends in the meantime. */
const rest = 2 * idTokenLifetime * 1000;

type PublicKey = IdTokenKey['publicKey'];

/** The public keys that verify the tokens of jobs, the newest first. */
export async function publishedIdTokenKeys(db: Sql): Promise<PublicKey[]> {
  return (await publishedRows(db)).map((row) => JSON.parse(row.public_key) as PublicKey);
}

/**
 * The key that signs now. Makes one if there is none, and the next one if the newest is old. A key that cannot be decrypted does not
 * count: nothing is lost with it.
 * @throws VoltError errors of the key file
 */
export async function signingIdTokenKey(
  database: Database,
  config: Config,
): Promise<Pick<IdTokenKey, 'id' | 'privateKey'>> {
  let rows = await usableRows(database.db, config);
  const [newest] = rows;
  if (!newest || newest.created_at + rotation <= serverNow()) {
    await addKey(database, config);
    rows = await usableRows(database.db, config);
  }
  const now = serverNow();
  const key = rows.find(({ created_at }) => created_at + lead <= now) ?? rows.at(-1);
  if (!key) throw new Error('the key that was made is gone');
  const { id, private_key: box, key_id: keyId } = key;
  return { id, privateKey: Vault.open(config).decrypt({ box, keyId }, idTokenKeyOf(id)) };
}

/** Adds a key, and removes those that are published no more. */
async function addKey(database: Database, config: Config): Promise<void> {
  const { id, privateKey, publicKey } = await makeIdTokenKey();
  await database.write(async (db) => {
    const { box, keyId } = (await writingVault(db, config)).encrypt(privateKey, idTokenKeyOf(id));
    const published = (await publishedRows(db)).map((row) => row.id);
    await db
      .deleteFrom('id_token_keys')
      .where('id', 'not in', published.length === 0 ? [''] : published)
      .execute();
    await db
      .insertInto('id_token_keys')
      .values({ id, public_key: JSON.stringify(publicKey), private_key: box, key_id: keyId, created_at: serverNow() })
      .execute();
  });
}

/** Those that the key file can decrypt, the newest first. */
async function usableRows(db: Sql, config: Config) {
  const rows = await publishedRows(db);
  if (rows.length === 0) return rows;
  try {
    const vault = Vault.open(config);
    return rows.filter(({ key_id }) => vault.has(key_id));
  } catch (error) {
    if (error instanceof VoltError && error.code === 'secrets_key_missing') return [];
    throw error;
  }
}

/** The newest first. */
async function publishedRows(db: Sql) {
  const rows = await db.selectFrom('id_token_keys').selectAll().orderBy('created_at', 'desc').orderBy('id').execute();
  const now = serverNow();
  const replaced = rows.findIndex(({ created_at }) => created_at + lead + rest <= now);
  return replaced < 0 ? rows : rows.slice(0, replaced + 1);
}
