import { VoltError } from '../kernel/errors.ts';
import type { Database } from './database.ts';
import type { RepositoryRow } from './schema.ts';

/** What decides the trust class of a repository's refs, see kernel/trust.ts. */
export interface StoredTrust {
  defaultBranch: string | null;
  /** globs of full names of the refs that a person has named; null for the default */
  named: string[] | null;
}

export function storedTrustOf(row: Pick<RepositoryRow, 'default_branch' | 'trusted_refs'>): StoredTrust {
  const { default_branch: defaultBranch, trusted_refs: named } = row;
  return { defaultBranch, named: named === null ? null : (JSON.parse(named) as string[]) };
}

/** @throws VoltError `not_found` */
export async function findTrust(database: Database, repo: string): Promise<StoredTrust> {
  const row = await database.db
    .selectFrom('repositories')
    .select(['default_branch', 'trusted_refs'])
    .where('name', '=', repo)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw unknown(repo);
  return storedTrustOf(row);
}

/** Globs of full names of the refs whose builds may get secrets. */
export async function trustedRefs(database: Database, repo: string): Promise<string[]> {
  const { defaultBranch, named } = await findTrust(database, repo);
  return named ?? [...(defaultBranch === null ? [] : [`refs/heads/${defaultBranch}`]), 'refs/tags/**'];
}

/**
 * @param globs null for the default; empty for no ref at all
 * @throws VoltError `not_found`
 */
export async function setTrustedRefs(database: Database, repo: string, globs: string[] | null): Promise<void> {
  const changed = await database.write((db) =>
    db
      .updateTable('repositories')
      .set({ trusted_refs: globs === null ? null : JSON.stringify(globs) })
      .where('name', '=', repo)
      .where('removed_at', 'is', null)
      .returning('name')
      .executeTakeFirst(),
  );
  if (!changed) throw unknown(repo);
}

function unknown(repo: string): VoltError {
  return new VoltError('not_found', `no repository named "${repo}" is observed`, { remedy: 'See `volt repo ls`.' });
}
