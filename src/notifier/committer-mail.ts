import type { NoticeTarget } from '../kernel/model/notice-shapes.ts';
import { committerOf } from '../record/committers.ts';
import type { Sql } from '../record/database.ts';
import type { Addressee } from './notice-recipients.ts';

/**
 * Where mail for the author of commits goes: to a person who may read the repository, at the address that the person has chosen, and
 * to addresses of the domains that an administrator has named. Anybody can write any address into a commit.
 */
export async function committerAt(
  db: Sql,
  { options: { domains = [] } }: Pick<NoticeTarget, 'options'>,
  repo: string,
  given: string,
): Promise<Addressee> {
  const address = given.toLowerCase();
  const isNamed = domains.includes(address.slice(address.lastIndexOf('@') + 1));
  const { standing, mail } = await committerOf(db, address, repo);
  const withoutRole = `its person has no role that lets read ${repo}`;
  switch (standing) {
    case 'may read':
      return { address: mail ?? address };
    case 'nobody known':
      return { address, dropped: isNamed ? undefined : 'the address belongs to nobody who is known here' };
    case 'has no role':
      return { address, dropped: isNamed ? undefined : withoutRole };
    case 'has no role, and it is private':
      return { address, dropped: withoutRole };
    case 'blocked':
      return { address, dropped: 'its person is blocked' };
  }
}
