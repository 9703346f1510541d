import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { type ShownCredential, shownCredential } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type Credential, credentialSchema } from '../secrets/credential.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database } from './database.ts';
import { requireRepository } from './scoped-entries.ts';
import { credentialOf, writingVault } from './secret-key.ts';

/**
 * Sets the credential of a repository.
 * @throws VoltError `not_found` for an unknown repository, errors of the key file
 */
export async function setCredential(
  database: Database,
  config: Config,
  repo: string,
  { shown, credential }: { shown: ShownCredential; credential: Credential },
): Promise<void> {
  await database.write(async (db) => {
    await requireRepository(db, repo);
    const vault = await writingVault(db, config);
    const { box, keyId } = vault.encrypt(JSON.stringify(credentialSchema.parse(credential)), credentialOf(repo));
    const row = { shown: JSON.stringify(shown), value: box, key_id: keyId, updated_at: serverNow() };
    await db
      .insertInto('credentials')
      .values({ repo, ...row })
      .onConflict((conflict) => conflict.column('repo').doUpdateSet(row))
      .execute();
  });
}

/**
 * The credential of a repository, undefined if there is none.
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function findCredential(
  database: Database,
  config: Config,
  repo: string,
): Promise<Credential | undefined> {
  const row = await database.db.selectFrom('credentials').selectAll().where('repo', '=', repo).executeTakeFirst();
  if (!row) return undefined;
  const text = Vault.open(config).decrypt({ box: row.value, keyId: row.key_id }, credentialOf(repo));
  return credentialSchema.parse(JSON.parse(text));
}

export async function listCredentials(
  database: Database,
): Promise<(ShownCredential & { repo: string; updatedAt: string })[]> {
  const rows = await database.db
    .selectFrom('credentials')
    .select(['repo', 'shown', 'updated_at'])
    .orderBy('repo')
    .execute();
  return rows.map(({ repo, shown, updated_at }) => ({
    repo,
    ...shownCredential.parse(JSON.parse(shown)),
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

/** @throws VoltError `not_found` */
export async function removeCredential(database: Database, repo: string): Promise<void> {
  const gone = await database.write((db) =>
    db.deleteFrom('credentials').where('repo', '=', repo).returning('repo').executeTakeFirst(),
  );
  if (gone) return;
  throw new VoltError('not_found', `no credential is set for a repository named "${repo}"`, {
    remedy: 'See `volt credential ls`.',
  });
}
