import { VoltError } from '../kernel/errors.ts';
import { handleFrom } from '../kernel/names.ts';
import type { Database, Write } from './database.ts';
import { type Confirmer, type Progress, pollDeviceRequest } from './device-requests.ts';
import { freeName, ownerName } from './handles.ts';
import { findPerson, noPerson } from './people.ts';
import { findTokenById, insertToken, type MadeToken, type NamedToken, tokensOf } from './tokens.ts';

/** Tokens that people make for themselves and give to programs. They act as the person, and never may more. */

/** The most tokens of one person. */
const mostTokens = 100;

/** The most characters of a name. */
const longestName = 64;

/**
 * Makes a token of a person. Its name begins with that of the person: in the audit log, nobody looks like somebody else.
 * @param token `name` without the person's name
 * @throws VoltError `name_taken`, `not_found` for a repository, `conflict` if the person has too many
 */
export async function addPersonalToken(
  database: Database,
  id: number,
  { name, role, repos }: Pick<NamedToken, 'name' | 'role' | 'repos'>,
): Promise<MadeToken> {
  return database.write(async (db) => {
    const person = await findPerson({ db }, id);
    if (!person) throw noPerson(String(id));
    if ((await tokensOf({ db }, id)).length >= mostTokens) {
      throw new VoltError('conflict', `you have ${mostTokens} tokens already, which is the limit`, {
        remedy: 'Revoke those that you no longer use.',
      });
    }
    const whole = `${person.name}-${name}`.slice(0, longestName);
    return insertToken(db, {
      ...{ name: whole, role, repos, createdBy: person.name },
      ...{ person: null, personId: id, parent: null },
    });
  });
}

/** Revokes a token of a person, and the sessions that began with it. @throws VoltError `not_found` */
export async function removePersonalToken(database: Database, person: number, name: string): Promise<void> {
  const removed = await database.write((db) =>
    db.deleteFrom('tokens').where('person_id', '=', person).where('name', '=', name).returning('id').executeTakeFirst(),
  );
  if (!removed) throw noOwnToken(name);
}

export function noOwnToken(name: string): VoltError {
  return new VoltError('not_found', `you have no token "${name}"`, { remedy: 'The page /account lists your tokens.' });
}

/**
 * Gives a program its token, if a person has confirmed its request. In one transaction, so that a code gives one token.
 * @returns what has become of the request; with the token, the name of who has confirmed
 */
export async function takeDeviceToken(
  database: Database,
  deviceCode: string,
): Promise<{ state: Exclude<Progress['state'], 'confirmed'> } | { state: 'confirmed'; made: MadeToken; by: string }> {
  return database.write(async (db) => {
    const progress = await pollDeviceRequest(db, deviceCode);
    if (progress.state !== 'confirmed') return progress;
    const { by, machine } = progress;
    const giver = await giverOf(db, by);
    if (!giver) return { state: 'expired' };
    const name = await freeName(db, `${giver.name}-${handleFrom(machine)}`.slice(0, longestName - 4));
    const { name: createdBy, ...limits } = giver;
    return {
      state: 'confirmed',
      made: await insertToken(db, { ...limits, name, role: by.role, createdBy }),
      by: createdBy,
    };
  });
}

/** Who gives a program a token, and what limits that; undefined if the person is blocked by now. */
async function giverOf(db: Write, by: Confirmer) {
  const none = { person: null, personId: null, parent: null, repos: null };
  if ('person' in by) {
    const person = await findPerson({ db }, by.person);
    return !person || person.blockedAt !== null ? undefined : { ...none, name: person.name, personId: person.id };
  }
  if (by.token === null) return { ...none, name: ownerName };
  const token = await findTokenById({ db }, by.token);
  if (!token) return undefined;
  const { id: parent, name, personId, person, repos } = token;
  return { name, parent, personId, person: personId === null ? person : null, repos };
}
