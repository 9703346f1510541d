import { createHmac, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Database } from '../../record/database.ts';
import { endOwnerSessions, endSession, isEnded } from '../../record/ended-sessions.ts';
import { findToken, findTokenById, type NamedToken, noteUse } from '../../record/tokens.ts';
import { networkOf } from '../http/network.ts';
import { Buckets, type Rate } from './buckets.ts';
import { type Caller, owner } from './caller.ts';
import { comesFromOwnPage, isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';
import { rateLimited } from './rate-limit.ts';
import { sameText } from './same-text.ts';

/** A browser stays signed in for this many seconds: 30 days. */
export const sessionLifetime = 30 * 24 * 3600;

/** Wrong tokens that one sender may try. */
const attemptRate: Rate = { burst: 20, perSecond: 1 / 6 };

/** Failed attempts to sign in that are noted in the audit log, of one sender and of all. */
const noteRates = { sender: { burst: 1, perSecond: 1 / 60 }, all: { burst: 60, perSecond: 1 } } as const;

interface Keeper {
  database: Database;
  logger: Logger;
}

/**
 * Knows the main token and what is derived from it, and finds the named ones in the record. A signed-in browser holds no
 * token but the id of one, the time until which it is signed in and a name of its own, with an authentication code (HMAC,
 * RFC 2104) under the main token: it needs no storage while it lasts, outlives a restart, and ends when it is signed out
 * of, its token is revoked or the main token changed. It holds for the origin alone at which it began: browsers send
 * cookies to every port of a host, so a copy may have gone astray.
 */
export class Guard {
  readonly #token: string;
  readonly #keeper: Keeper;
  readonly #attempts: Buckets;
  readonly #notes = { sender: new Buckets(noteRates.sender), all: new Buckets(noteRates.all) };
  /** Cookies do not tell ports apart; a name of its own keeps two Volts on one machine from signing each other out. */
  readonly #cookie: string;
  /**
   * Name of this machine, below `localhost`, at which browsers sign in: 128 bits that nobody guesses. It is derived from
   * the main token, so it lasts as long as that.
   */
  readonly privateHost: string;

  constructor(token: string, keeper: Keeper, attempts = attemptRate) {
    this.#token = token;
    this.#keeper = keeper;
    this.#attempts = new Buckets(attempts);
    this.#cookie = `volt_session_${this.#code('cookie name').slice(0, 8)}`;
    this.privateHost = `${this.#code('private host').slice(0, 32)}.localhost`;
  }

  /**
   * Name of the cookie at an origin. Over TLS browsers hold by the prefix that the cookie comes from that very host, by
   * TLS (RFC 6265bis, section 4.1.3.2).
   */
  cookieAt(origin: string): string {
    return origin.startsWith('https:') ? `__Host-${this.#cookie}` : this.#cookie;
  }

  /**
   * Who makes the request; undefined for nobody that is known.
   * @throws VoltError `rate_limited`
   */
  async callerOf(context: Context<WebEnv>): Promise<Caller | undefined> {
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined) return this.callerWith(bearer, context);
    const { origin } = context.get('source');
    const session = getCookie(context, this.cookieAt(origin));
    // a browser sends its cookies along with what pages of other sites ask for
    if (session === undefined || !(isReading(context) || comesFromOwnPage(context))) return undefined;
    return this.callerOfSession(session, origin);
  }

  /**
   * Whose token it is. A sender that has tried too many wrong ones is told nothing more of wrong ones for a while. The right
   * one is taken all the same: it cannot be found by trying, and others may share the sender's address.
   * @throws VoltError `rate_limited`
   */
  async callerWith(token: string, context: Context<WebEnv>): Promise<Caller | undefined> {
    const caller = await this.#find(token);
    if (!caller && !this.#attempts.take(networkOf(context.get('source').address))) throw this.#tooMany(context);
    return caller;
  }

  /** Whether a failed attempt of that sender is noted: one a minute, and not many more of all. */
  notesFailureOf(address: string): boolean {
    return this.#notes.sender.take(networkOf(address)) && this.#notes.all.take('');
  }

  /** The cookie's value for a browser that signs in now, at that origin. */
  newSession({ id }: Pick<Caller, 'id'>, origin: string, now = Date.now()): string {
    const until = Math.floor(now / 1000) + sessionLifetime;
    const session = randomBytes(16).toString('hex');
    return `${until}.${id}.${session}.${this.#sessionCode(session, String(id), String(until), origin)}`;
  }

  async callerOfSession(value: string, origin: string, now = Date.now()): Promise<Caller | undefined> {
    const session = this.#sessionOf(value, origin);
    const { database } = this.#keeper;
    if (!session || session.until <= now) return undefined;
    const isOwner = session.token === owner.id;
    if (await isEnded(database, { ...session, isOwner })) return undefined;
    return isOwner ? owner : this.#used(await findTokenById(database, session.token));
  }

  /** Ends the session of a cookie, wherever else the cookie may be. */
  async endSession(value: string, origin: string): Promise<void> {
    const session = this.#sessionOf(value, origin);
    if (session) await endSession(this.#keeper.database, session.id, session.until);
  }

  /** Ends all sessions that have begun with the main token. */
  async endOwnerSessions(now = Date.now()): Promise<void> {
    await endOwnerSessions(this.#keeper.database, now + sessionLifetime * 1000);
  }

  /** undefined for one that was not made here; `until` in milliseconds since 1970 */
  #sessionOf(value: string, origin: string): { id: string; token: number; until: number } | undefined {
    const form = /^(\d{1,12})\.(\d{1,15})\.([0-9a-f]{32})\.([0-9a-f]{64})$/;
    const [, until = '', token = '', id = '', code = ''] = form.exec(value) ?? [];
    if (!sameText(code, this.#sessionCode(id, token, until, origin))) return undefined;
    return { id, token: Number(token), until: Number(until) * 1000 };
  }

  #sessionCode(id: string, token: string, until: string, origin: string): string {
    return this.#code(`session ${id} of ${token} until ${until} at ${origin}`);
  }

  /**
   * The secret of a repository's webhook. It is derived and kept nowhere: it ends with the main token, and when its salt
   * becomes another one.
   */
  hookSecret(repo: string, salt: string): string {
    return this.#code(`hook ${repo} ${salt}`);
  }

  async #find(token: string): Promise<Caller | undefined> {
    if (sameText(token, this.#token)) return owner;
    return this.#used(await findToken(this.#keeper.database, token));
  }

  /** A record that cannot be written keeps nobody out. */
  #used(token: NamedToken | undefined): Caller | undefined {
    if (!token) return undefined;
    const { database, logger } = this.#keeper;
    noteUse(database, token).catch((error) =>
      logger.warn(`the use of a token could not be noted: ${errorText(error)}`),
    );
    const { id, name, scope, repos, person } = token;
    return { id, name, scope, repos, person };
  }

  #tooMany(context: Context<WebEnv>) {
    return rateLimited(context, this.#attempts, 'too many wrong tokens have come from where you are');
  }

  #code(what: string): string {
    return createHmac('sha256', this.#token).update(`volt ${what}`).digest('hex');
  }
}
