import type { Database } from './database.ts';
import { observed } from './observed.ts';
import type { RepositoryRow } from './schema.ts';
import { notObserved } from './scoped-entries.ts';

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
  const query = observed(database.db).select(['default_branch', 'trusted_refs']);
  const row = await query.where('name', '=', repo).executeTakeFirst();
  if (!row) throw notObserved(repo);
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
  if (!changed) throw notObserved(repo);
}
