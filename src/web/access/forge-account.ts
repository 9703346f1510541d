import type { ForgePerson } from '../../forge/comments/comments.ts';
import type { ForgeKind } from '../../kernel/forge-kinds.ts';
import type { Database } from '../../record/database.ts';
import { personOfAccount } from '../../record/forge-accounts.ts';
import { rightsOf } from '../../record/grants.ts';
import { type Caller, callerOfPerson } from './caller.ts';

/**
 * Who somebody at a forge is in Volt. The account of a person has the rights of the person, who may be blocked. Another account may
 * run and approve builds of a repository if it may write to it at the forge.
 * @param mayWrite asks the forge
 */
export async function callerOfAccount(
  database: Database,
  forge: { name: string; kind: ForgeKind; api: string },
  repo: string,
  account: ForgePerson,
  mayWrite: () => Promise<boolean>,
): Promise<Caller> {
  const person = account.id === null ? undefined : await personOfAccount(database, forge, account.id);
  if (person) return callerOfPerson(person, person.blockedAt === null ? await rightsOf(database, person.id) : []);
  const rights = (await mayWrite()) ? [{ role: 'approve' as const, repos: [repo], private: true }] : [];
  return { name: `${account.name} at ${forge.name}`, person: null, token: null, rights };
}
