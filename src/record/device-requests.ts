import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Selectable } from 'kysely';
import { type Role, smallerRole } from '../kernel/roles.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql, Write } from './database.ts';
import type { Schema } from './schema.ts';

/**
 * Programs without a browser that ask a person to be signed in: OAuth 2.0 device authorization grant, RFC 8628. A program asks and
 * gets two codes: it keeps the device code, with which it gets a token once the person has confirmed, and shows the user code, by
 * which a person finds the request.
 */

/** Milliseconds that a person has to confirm. */
export const deviceLifetime = 600_000;

/** Milliseconds that a program waits between two questions. */
export const pollInterval = 2000;

/** Milliseconds by which it waits longer after it has asked too soon, RFC 8628, 3.5. */
export const slowDown = 5000;

/** Milliseconds by which the network may bring two questions closer together. */
const leeway = 500;

/** Letters of user codes: without vowels, no code is a word (RFC 8628, 6.1). Eight of them have 34 bits. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

/** The most requests that wait for a person at once. */
const mostOpen = 500;

/** What a program asks for. */
export interface DeviceRequest {
  /** what the program says about itself: the person must not trust it */
  program: string;
  machine: string;
  /** the largest role that it wants */
  role: Role;
  /** network address that it asked from */
  address: string;
  createdAt: number;
  until: number;
}

/** Who confirms, and the largest role of theirs: a person as themselves, or somebody with a token, null for the main one. */
export type Confirmer = ({ person: number } | { token: number | null }) & { role: Role };

/** What becomes of a request: `asked_too_soon` costs a longer interval. */
export type Progress =
  | { state: 'open' | 'asked_too_soon' | 'refused' | 'expired' }
  | { state: 'confirmed'; machine: string; by: Confirmer };

/** @returns undefined if too many requests are open */
export async function addDeviceRequest(
  database: Database,
  { program, machine, role, address }: Pick<DeviceRequest, 'program' | 'machine' | 'role' | 'address'>,
): Promise<{ deviceCode: string; userCode: string } | undefined> {
  const deviceCode = randomBytes(32).toString('base64url');
  return database.write(async (db) => {
    const now = serverNow();
    await db.deleteFrom('device_requests').where('until', '<=', now).execute();
    const open = await db
      .selectFrom('device_requests')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(open.count) >= mostOpen) return undefined;
    const userCode = await unusedCode(db);
    const values = { device_hash: hashOf(deviceCode), user_code: userCode, program, machine, role, address };
    const times = { created_at: now, until: now + deviceLifetime, poll_interval: pollInterval };
    await db
      .insertInto('device_requests')
      .values({ ...values, ...times })
      .execute();
    return { deviceCode, userCode };
  });
}

/**
 * The request that waits for a person to confirm it.
 * @param code as the person has typed it
 */
export async function findDeviceRequest({ db }: { db: Sql }, code: string): Promise<DeviceRequest | undefined> {
  const row = await db
    .selectFrom('device_requests')
    .selectAll()
    .where('user_code', '=', plainCode(code))
    .where('decision', 'is', null)
    .where('until', '>', serverNow())
    .executeTakeFirst();
  return row && requestOf(row);
}

/**
 * A person confirms a request, or refuses it. Of several decisions, the first one counts.
 * @param by undefined to refuse it
 * @returns the request; undefined if none waits
 */
export async function decideDeviceRequest(
  database: Database,
  code: string,
  by: Confirmer | undefined,
): Promise<DeviceRequest | undefined> {
  return database.write(async (db) => {
    const request = await findDeviceRequest({ db }, code);
    if (!request) return undefined;
    await db
      .updateTable('device_requests')
      .set({
        decision: by ? 'confirmed' : 'refused',
        person_id: by && 'person' in by ? by.person : null,
        token_id: by && 'token' in by ? by.token : null,
        role: by ? smallerRole(by.role, request.role) : request.role,
      })
      .where('user_code', '=', plainCode(code))
      .execute();
    return request;
  });
}

/**
 * A program asks what has become of its request. One that is decided is answered once, then forgotten.
 * @param db of the transaction that also makes the token, so that no answer is given twice
 */
export async function pollDeviceRequest(db: Write, deviceCode: string): Promise<Progress> {
  const hash = hashOf(deviceCode);
  const row = await db.selectFrom('device_requests').selectAll().where('device_hash', '=', hash).executeTakeFirst();
  const now = serverNow();
  if (!row || row.until <= now) return { state: 'expired' };
  if (row.decision === null) {
    const tooSoon = row.polled_at !== null && now - row.polled_at < row.poll_interval - leeway;
    const interval = row.poll_interval + (tooSoon ? slowDown : 0);
    await db
      .updateTable('device_requests')
      .set({ polled_at: now, poll_interval: interval })
      .where('device_hash', '=', hash)
      .execute();
    return { state: tooSoon ? 'asked_too_soon' : 'open' };
  }
  await db.deleteFrom('device_requests').where('device_hash', '=', hash).execute();
  if (row.decision === 'refused') return { state: 'refused' };
  const { role, machine, person_id: person, token_id: token } = row;
  return { state: 'confirmed', machine, by: { role, ...(person === null ? { token } : { person }) } };
}

/** `BCDF-GHJK`, as people read it. */
function shownCode(letters: string): string {
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The code with the letters that a person has typed, in any form. */
function plainCode(code: string): string {
  return shownCode(code.toUpperCase().replace(/[^A-Z]/g, ''));
}

async function unusedCode(db: Write): Promise<string> {
  for (;;) {
    const code = shownCode(Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join(''));
    const used = await db
      .selectFrom('device_requests')
      .select('user_code')
      .where('user_code', '=', code)
      .executeTakeFirst();
    if (!used) return code;
  }
}

function hashOf(deviceCode: string): string {
  return createHash('sha256').update(deviceCode).digest('hex');
}

function requestOf(row: Selectable<Schema['device_requests']>): DeviceRequest {
  const { program, machine, role, address, created_at: createdAt, until } = row;
  return { program, machine, role, address, createdAt, until };
}
