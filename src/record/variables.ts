import type { Variable } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import { checkValue, secretName } from '../secrets/names.ts';
import type { Database } from './database.ts';
import { type EntryOwner, removeEntry, replaceEntry } from './scoped-entries.ts';

/**
 * Sets or replaces a variable. Variables are no secrets: all readers of the repository may see them.
 * @throws VoltError `bad_name`, `bad_request`, `not_found` for an unknown repository
 */
export async function setVariable(
  database: Database,
  { repo, name, value }: { repo: EntryOwner; name: string; value: string },
): Promise<void> {
  const row = { repo, name: secretName(name), value: checkValue(value), updated_at: serverNow() };
  await database.write((db) => replaceEntry(db, 'variables', row));
}

export async function listVariables(database: Database, repo: EntryOwner): Promise<Variable[]> {
  const rows = await database.db
    .selectFrom('variables')
    .selectAll()
    .where('repo', repo === null ? 'is' : '=', repo)
    .orderBy('name')
    .execute();
  return rows.map(({ updated_at, ...row }) => ({ ...row, updatedAt: new Date(updated_at).toISOString() }));
}

/** The variables of a repository's jobs: its own replace those of all repositories. */
export async function variablesFor(database: Database, repo: string): Promise<{ [name: string]: string }> {
  const entries = [...(await listVariables(database, null)), ...(await listVariables(database, repo))];
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

/** @throws VoltError `not_found` */
export async function removeVariable(database: Database, repo: EntryOwner, name: string): Promise<void> {
  await database.write((db) => removeEntry(db, 'variables', repo, secretName(name)));
}
