import { holds } from '../kernel/rights.ts';
import type { Sql } from './database.ts';
import { rightsOf } from './grants.ts';

/** What is known of whoever has the mail address of a commit. */
export interface Committer {
  standing: 'nobody known' | 'blocked' | 'may read' | 'has no role' | 'has no role, and it is private';
  /** the address to which the person has mail sent; null for that of the commit */
  mail: string | null;
}

/**
 * Whether a person has a mail address, and may read a repository by a role, or because it is public.
 * @param address in lower case
 */
export async function committerOf(db: Sql, address: string, repo: string): Promise<Committer> {
  const person = await db
    .selectFrom('person_addresses')
    .innerJoin('people', 'people.id', 'person_addresses.person_id')
    .leftJoin('person_addresses as chosen', (join) =>
      join.onRef('chosen.address', '=', 'people.mail_to').onRef('chosen.person_id', '=', 'people.id'),
    )
    .select(['people.id', 'people.blocked_at', 'chosen.address as mail'])
    .where('person_addresses.address', '=', address)
    .executeTakeFirst();
  if (!person) return { standing: 'nobody known', mail: null };
  const { mail } = person;
  if (person.blocked_at !== null) return { standing: 'blocked', mail };
  const row = await db.selectFrom('repositories').select('visibility').where('name', '=', repo).executeTakeFirst();
  if (row?.visibility === 'public' || holds(await rightsOf({ db }, person.id), 'read', repo))
    return { standing: 'may read', mail };
  return { standing: row?.visibility === 'private' ? 'has no role, and it is private' : 'has no role', mail };
}
