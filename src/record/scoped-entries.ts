import { VoltError } from '../kernel/errors.ts';
import type { Sql, Write } from './database.ts';
import { observed } from './observed.ts';

/** Secrets and variables: named rows that belong to one repository or to all repositories. */
type Table = 'secrets' | 'variables';

/** The owner of a secret or variable: the repository of that name, or all repositories. */
export type EntryOwner = string | null;

/** Most entries of one owner, as on GitHub. */
const mostEntries = 100;

/** @throws VoltError `not_found` for an unknown repository, `conflict` if there are too many entries */
export async function replaceEntry<T extends Table>(
  db: Write,
  table: T,
  row: { repo: EntryOwner; name: string; value: string; updated_at: number } & (T extends 'secrets'
    ? { key_id: string; in_environment: number }
    : unknown),
): Promise<void> {
  if (row.repo !== null) await requireRepository(db, row.repo);
  await deleteEntry(db, table, row.repo, row.name);
  const { count } = await db
    .selectFrom(table as 'variables')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('repo', row.repo === null ? 'is' : '=', row.repo)
    .executeTakeFirstOrThrow();
  if (Number(count) >= mostEntries) {
    throw new VoltError('conflict', `there are already ${mostEntries} ${table}, which is the limit`, {
      remedy: 'Remove an unused one.',
    });
  }
  await db
    .insertInto(table as 'variables')
    .values(row)
    .execute();
}

/** @throws VoltError `not_found` */
export async function removeEntry(db: Write, table: Table, repo: EntryOwner, name: string): Promise<void> {
  if (await deleteEntry(db, table, repo, name)) return;
  const what = table === 'secrets' ? 'secret' : 'variable';
  throw new VoltError(
    'not_found',
    `there is no ${what} ${name} of ${repo === null ? 'all repositories' : `the repository ${repo}`}`,
    { remedy: `See \`volt ${table === 'secrets' ? 'secret' : 'var'} ls${repo === null ? '' : ` --repo ${repo}`}\`.` },
  );
}

/** @throws VoltError `not_found` */
export async function requireRepository(db: Sql, repo: string): Promise<void> {
  const row = await observed(db).select('name').where('name', '=', repo).executeTakeFirst();
  if (!row) throw notObserved(repo);
}

export function notObserved(repo: string): VoltError {
  return new VoltError('not_found', `no repository named "${repo}" is observed`, {
    remedy: 'See `volt repo ls`; `volt repo add` observes one.',
  });
}

async function deleteEntry(db: Write, table: Table, repo: EntryOwner, name: string): Promise<boolean> {
  const gone = await db
    .deleteFrom(table as 'variables')
    .where('repo', repo === null ? 'is' : '=', repo)
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  return gone !== undefined;
}
