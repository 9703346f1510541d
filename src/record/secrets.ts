import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Secret } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import { checkValue, secretName } from '../secrets/names.ts';
import { Vault } from '../secrets/vault.ts';
import type { Database } from './database.ts';
import { type EntryOwner, removeEntry, replaceEntry } from './scoped-entries.ts';
import { secretOf, writingVault } from './secret-key.ts';

/**
 * Sets a secret, or replaces it.
 * @throws VoltError `bad_name`, `bad_request`, `not_found` for an unknown repository, errors of the key file
 */
export async function setSecret(
  database: Database,
  config: Config,
  entry: { repo: EntryOwner; name: string; value: string; inEnvironment?: boolean | undefined },
): Promise<void> {
  const name = secretName(entry.name);
  checkValue(entry.value);
  if (entry.inEnvironment && entry.repo === null) {
    throw new VoltError('bad_request', 'a secret for all repositories cannot be in the environment of every job', {
      remedy: 'Set it for the repository whose jobs need it.',
    });
  }
  const { repo } = entry;
  await database.write(async (db) => {
    const vault = await writingVault(db, config);
    const { box, keyId } = vault.encrypt(entry.value, secretOf(repo, name));
    await replaceEntry(db, 'secrets', {
      ...{ repo, name, value: box, key_id: keyId, updated_at: serverNow() },
      in_environment: entry.inEnvironment ? 1 : 0,
    });
  });
}

export async function listSecrets(database: Database, repo: EntryOwner): Promise<Secret[]> {
  const rows = await database.db
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
 * The secrets that a job gets; a secret of its repository replaces one for all repositories.
 * @param named the names in its workflow, `*` for all; `environment` for those that are set for the environment of jobs
 * without a workflow
 * @returns values by name
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function secretsForJob(
  database: Database,
  config: Config,
  repo: string,
  named: readonly string[] | '*' | 'environment',
): Promise<{ [name: string]: string }> {
  const rows = await database.db
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
      vault.decrypt({ box: value, keyId: key_id }, secretOf(scope, name)),
    ]),
  );
}

/** @throws VoltError `not_found` */
export async function removeSecret(database: Database, repo: EntryOwner, name: string): Promise<void> {
  await database.write((db) => removeEntry(db, 'secrets', repo, secretName(name)));
}
