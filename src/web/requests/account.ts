import { VoltError } from '../../kernel/errors.ts';
import { roleIn } from '../../kernel/rights.ts';
import { includes, type Role } from '../../kernel/roles.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { rightsOf } from '../../record/grants.ts';
import { groupsOf, identitiesOf } from '../../record/identities.ts';
import { chooseMail, mailChoiceOf } from '../../record/mail-choice.ts';
import { findPerson } from '../../record/people.ts';
import { addressesOf } from '../../record/person-addresses.ts';
import { addPersonalToken, noOwnToken, removePersonalToken } from '../../record/personal-tokens.ts';
import { endSessionOf, endSessions, listSessions, type Session, type SessionOwner } from '../../record/sessions.ts';
import { findTokenById, type MadeToken, type NamedToken, removeToken, tokensOf } from '../../record/tokens.ts';
import { type Reader, readableOf } from '../../record/visibility.ts';
import type { Caller } from '../access/caller.ts';
import { notObserved } from '../access/readable.ts';
import type { Account, ShownSession, WhoseSessions } from '../schemas/account.ts';
import type { Web } from '../services.ts';

/** What somebody who is signed in sees of their own account, and changes there. */

export async function accountOf({ database }: Web, { name, person, token, rights }: Caller): Promise<Account> {
  const known = person && (await findPerson(database, person.id));
  const identities = known ? await identitiesOf(database, known.id) : [];
  const addresses = known ? await addressesOf(database, known.id) : [];
  return {
    name,
    person: known ? { id: known.id, name: known.name, displayName: known.displayName } : null,
    token: token?.name ?? null,
    identities: identities.map(({ provider, login }) => ({ provider, login })),
    groups: known ? await groupsOf(database, known.id) : [],
    addresses: addresses.map(({ address }) => address),
    mail: known ? await mailChoiceOf(database.db, known.id) : null,
    rights: rights.map(({ role, repos, private: isPrivate }) => ({ role, repos: [...repos], private: isPrivate })),
  };
}

/**
 * Chooses to which of their addresses a person has mail sent.
 * @throws VoltError `bad_request` for another address, for a caller who is no person, and with a token that may less than the person
 */
export async function chooseOwnMail(web: Web, caller: Caller, choice: string | null): Promise<string | null> {
  const owner = await ownerOf(web, caller);
  if (owner !== 'main token' && 'person' in owner) return chooseMail(web.database, owner.person, choice);
  const message = caller.person
    ? `a token that may less than ${caller.name} does not choose where mail to ${caller.name} goes`
    : 'the main token and tokens of nobody get no mail';
  throw new VoltError('bad_request', message, { remedy: 'Sign in as yourself, with a browser or by `volt login`.' });
}

/**
 * Milliseconds for which no token of a person ends a session that has begun: whoever has stolen the token could sign the person out
 * each time before the person has revoked it.
 */
const safeFromTokens = 600_000;

/**
 * For whom a caller acts who sees and ends sessions, and chooses where mail goes: for the person, or for the token alone. A token of a
 * person that may less than the person, such as one of a program, is not for the person's browsers and mail.
 */
async function ownerOf({ database }: Web, { person, token }: Caller): Promise<SessionOwner> {
  if (!token) return person ? { person: person.id } : 'main token';
  const limits = await findTokenById(database, token.id);
  if (!person || !limits || limits.repos !== null) return { token: token.id };
  const role = roleIn(await rightsOf(database, person.id)) ?? 'read';
  return includes(limits.role, role) ? { person: person.id } : { token: token.id };
}

/** Which of them the caller ends: those that have begun before this time. */
function begunBefore({ token }: Caller, owner: SessionOwner): number | undefined {
  return token && owner !== 'main token' && 'person' in owner ? serverNow() - safeFromTokens : undefined;
}

/** @param current id of the session that the request was sent with */
export async function ownSessions(
  web: Web,
  caller: Caller,
  current?: string,
): Promise<{ whose: WhoseSessions; sessions: ShownSession[] }> {
  const owner = await ownerOf(web, caller);
  const sessions = await listSessions(web.database, owner);
  return {
    whose: owner === 'main token' ? owner : 'person' in owner ? 'person' : 'token',
    sessions: sessions.map((session) => shownSession(session, current)),
  };
}

function shownSession({ id, ...session }: Session, current?: string): ShownSession {
  const { provider, address, agent, createdAt, lastUsedAt, until } = session;
  return { id, current: id === current, provider, address, agent, createdAt, lastUsedAt, until };
}

/** @throws VoltError `not_found`, or `conflict` with a token of the person while the session is young */
export async function endOwnSession(web: Web, caller: Caller, id: string): Promise<void> {
  const owner = await ownerOf(web, caller);
  if (await endSessionOf(web.database, owner, id, begunBefore(caller, owner))) return;
  if ((await listSessions(web.database, owner)).some((session) => session.id === id)) {
    throw new VoltError('conflict', 'this session began less than ten minutes ago, and a token cannot end it yet', {
      remedy: 'Sign in as yourself and end it on the page /account, or wait.',
    });
  }
  throw new VoltError('not_found', 'there is no such session', {
    remedy: 'It may have ended. `volt session ls` lists those that there are.',
  });
}

/** @returns how many have ended; with a token of the person, sessions stay that began less than ten minutes ago */
export async function endOtherSessions(web: Web, caller: Caller, current?: string): Promise<number> {
  const owner = await ownerOf(web, caller);
  return endSessions(web.database, owner, { except: current, begunBefore: begunBefore(caller, owner) });
}

export async function ownTokens({ database }: Web, { person }: Caller): Promise<NamedToken[]> {
  return person ? tokensOf(database, person.id) : [];
}

/**
 * Makes a token of the person. A token makes none: who has stolen it could keep a copy.
 * @throws VoltError `bad_request`, `role_needed`, `name_taken`, `not_found`, `conflict`
 */
export async function addOwnToken(
  { database }: Web,
  { person, token, rights }: Caller,
  reader: Reader,
  { name, role, repos = null }: { name: string; role: Role; repos?: string[] | null | undefined },
): Promise<MadeToken> {
  if (!person || token) {
    throw new VoltError('bad_request', 'only a person who is signed in as themselves makes tokens for themselves', {
      remedy: 'Make it on the page /account. Commands get a token by `volt login`, programs by `volt token add`.',
    });
  }
  const largest = roleIn(rights) ?? 'read';
  if (!includes(largest, role)) {
    throw new VoltError('role_needed', `your own role is "${largest}", so no token of yours has "${role}"`, {
      remedy: `Choose "${largest}" or a smaller one.`,
    });
  }
  const readable = await readableOf(database, reader, repos ?? []);
  const hidden = repos?.find((repo) => !readable.has(repo));
  if (hidden !== undefined) throw notObserved(hidden);
  return addPersonalToken(database, person.id, { name, role, repos });
}

/** Revokes a token of the person. With a token one revokes no other: whoever has stolen it could lock the person out. @throws VoltError `not_found` */
export async function removeOwnToken({ database }: Web, { person, token }: Caller, name: string): Promise<void> {
  if (!person || (token && token.name !== name)) throw noOwnToken(name);
  await removePersonalToken(database, person.id, name);
}

/**
 * Revokes the token that a request was sent with.
 * @returns its name
 * @throws VoltError `bad_request`
 */
export async function removeSentToken({ database }: Web, { token }: Caller): Promise<string> {
  if (token) {
    await removeToken(database, token.name);
    return token.name;
  }
  throw new VoltError('bad_request', 'this request was sent without a token that can be revoked', {
    remedy: 'Send a token of `volt token add` or `volt login`. docs/access.md says how to replace the main token.',
  });
}
