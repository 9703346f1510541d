import { everything, limitedBy, type Right, rightsOfToken } from '../../kernel/rights.ts';
import { ownerName } from '../../record/handles.ts';
import type { Person } from '../../record/people.ts';
import type { NamedToken } from '../../record/tokens.ts';

/** Who makes a request: the token that it carries, or who has signed in with the browser that sends it. */
export interface Caller {
  /** as the audit log shows it */
  name: string;
  /** null for the main token, and for tokens that are no person's */
  person: { id: number; name: string } | null;
  /** null for the main token, and for a browser in which a person has signed in as themselves */
  token: { id: number; name: string } | null;
  rights: readonly Right[];
}

/** The caller with the main token, from VOLT_TOKEN or the data directory. */
export const owner: Caller = { name: ownerName, person: null, token: null, rights: everything };

/** A person who has signed in as themselves. @param rights of the person */
export function callerOfPerson({ id, name }: Pick<Person, 'id' | 'name'>, rights: readonly Right[]): Caller {
  return { name, person: { id, name }, token: null, rights };
}

/** The caller with a token that is no person's. */
export function callerOfToken(token: NamedToken): Caller {
  const { id, name } = token;
  return { name, person: null, token: { id, name }, rights: rightsOfToken(token) };
}

/** A person by a token of theirs, with which they may what both may. */
export function withToken(person: Caller, token: NamedToken): Caller {
  return { ...person, token: { id: token.id, name: token.name }, rights: limitedBy(person.rights, token) };
}

/** The name under which limits count what a caller does: all that a person does counts as one. */
export function countedAs({ name, person, token }: Caller): string {
  if (person) return `person ${person.id}`;
  return token ? `token ${token.id}` : name;
}
