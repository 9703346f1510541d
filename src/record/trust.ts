import { VoltError } from '../kernel/errors.ts';
import type { Record } from './record.ts';

/**
 * Refs whose builds may have secrets where nothing else is set: those of the repository itself, which only people with
 * the right to push can move. Others, such as a forge's refs of pull requests or a bare commit id, may be anybody's.
 */
const usual = ['refs/heads/**', 'refs/tags/**'];

/** Globs of full names of the refs whose builds may have secrets. */
export async function trustedRefs(record: Record, repo: string): Promise<string[]> {
  const row = await record.db
    .selectFrom('repositories')
    .select('trusted_refs')
    .where('name', '=', repo)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw unknown(repo);
  return row.trusted_refs === null ? usual : (JSON.parse(row.trusted_refs) as string[]);
}

/**
 * @param globs null for the usual ones; none for no ref at all
 * @throws VoltError `not_found`
 */
export async function setTrustedRefs(record: Record, repo: string, globs: string[] | null): Promise<void> {
  const changed = await record.write((db) =>
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
