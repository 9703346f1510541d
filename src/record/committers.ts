import { holds } from '../kernel/rights.ts';
import type { Sql } from './database.ts';
import { rightsOf } from './grants.ts';

/** What is known of whoever has the mail address of a commit. */
export type Committer = 'nobody known' | 'blocked' | 'may read' | 'has no role' | 'has no role, and it is private';

/**
 * Whether a person has a mail address, and may read a repository by a role, or because it is public.
 * @param address in lower case
 */
export async function committerOf(db: Sql, address: string, repo: string): Promise<Committer> {
  const person = await db
    .selectFrom('person_addresses')
    .innerJoin('people', 'people.id', 'person_addresses.person_id')
    .select(['people.id', 'people.blocked_at'])
    .where('address', '=', address)
    .executeTakeFirst();
  if (!person) return 'nobody known';
  if (person.blocked_at !== null) return 'blocked';
  const row = await db.selectFrom('repositories').select('visibility').where('name', '=', repo).executeTakeFirst();
  if (row?.visibility === 'public' || holds(await rightsOf({ db }, person.id), 'read', repo)) return 'may read';
  return row?.visibility === 'private' ? 'has no role, and it is private' : 'has no role';
}
