import { serverNow } from '../kernel/server-time.ts';
import { checkValue, secretName } from '../secrets/names.ts';
import type { Record } from './record.ts';
import { removeEntry, replaceEntry, type Scope } from './scoped-entries.ts';

export interface Variable {
  name: string;
  repo: Scope;
  value: string;
  updatedAt: string;
}

/**
 * Sets a variable, or replaces it. Variables are settings, not secrets: everybody who may read may see them.
 * @throws VoltError `bad_name`, `bad_request`, `not_found` where there is no such repository
 */
export async function setVariable(
  record: Record,
  { repo, name, value }: { repo: Scope; name: string; value: string },
): Promise<void> {
  const row = { repo, name: secretName(name), value: checkValue(value), updated_at: serverNow() };
  await record.write((db) => replaceEntry(db, 'variables', row));
}

export async function listVariables(record: Record, repo: Scope): Promise<Variable[]> {
  const rows = await record.db
    .selectFrom('variables')
    .selectAll()
    .where('repo', repo === null ? 'is' : '=', repo)
    .orderBy('name')
    .execute();
  return rows.map(({ updated_at, ...row }) => ({ ...row, updatedAt: new Date(updated_at).toISOString() }));
}

/** What the jobs of a repository see: its own go before those of all. */
export async function variablesFor(record: Record, repo: string): Promise<{ [name: string]: string }> {
  const entries = [...(await listVariables(record, null)), ...(await listVariables(record, repo))];
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

/** @throws VoltError `not_found` */
export async function removeVariable(record: Record, repo: Scope, name: string): Promise<void> {
  await record.write((db) => removeEntry(db, 'variables', repo, secretName(name)));
}
