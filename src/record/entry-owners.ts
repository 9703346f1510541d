import type { Database } from './database.ts';
import { type Reader, readable } from './visibility.ts';

/** A repository, or an environment of it, that has secrets or variables of its own. */
export interface EntryOwnerCount {
  repo: string;
  /** null for the repository itself */
  environment: string | null;
  /** how many it has */
  count: number;
}

/** Which of the repositories that a reader may see, and of their environments, have secrets or variables of their own. */
export async function ownersOf(
  database: Database,
  table: 'secrets' | 'variables',
  reader: Reader,
): Promise<EntryOwnerCount[]> {
  const repositories = await database.db
    .selectFrom(table)
    .select((eb) => ['repo', eb.fn.countAll<number>().as('count')])
    .where('repo', 'is not', null)
    .where(readable(reader, 'repo'))
    .groupBy('repo')
    .execute();
  const environments = await database.db
    .selectFrom(`environment_${table}`)
    .select((eb) => ['repo', 'environment', eb.fn.countAll<number>().as('count')])
    .where(readable(reader, 'repo'))
    .groupBy(['repo', 'environment'])
    .execute();
  const all = [...repositories.map((row) => ({ environment: null, ...row })), ...environments];
  const owners = all.map(({ repo, environment, count }) => ({ repo: repo ?? '', environment, count: Number(count) }));
  return owners.sort(
    (a, b) => a.repo.localeCompare(b.repo) || (a.environment ?? '').localeCompare(b.environment ?? ''),
  );
}
