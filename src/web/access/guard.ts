import { createHmac, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { endSession, isEnded } from '../../record/ended-sessions.ts';
import type { Record } from '../../record/record.ts';
import { findToken, findTokenById, type NamedToken, noteUse } from '../../record/tokens.ts';
import type { WebEnv } from '../env.ts';
import { addressOf, comesFromThisMachine, networkOf } from './address.ts';
import { Buckets, type Rate } from './buckets.ts';
import { type Caller, owner } from './caller.ts';
import { comesFromOwnPage, isReading } from './origin.ts';
import { rateLimited } from './rate-limit.ts';
import { sameText } from './same-text.ts';

/** A browser stays signed in for this many seconds: 30 days. */
export const sessionLifetime = 30 * 24 * 3600;

/** Wrong tokens that one sender may try. */
const attemptRate: Rate = { burst: 20, perSecond: 1 / 6 };

interface Keeper {
  record: Record;
  logger: Logger;
}

/**
 * Knows the main token and what is derived from it, and finds the named ones in the record. A signed-in browser holds no
 * token but the id of one, the time until which it is signed in and a name of its own, with an authentication code (HMAC,
 * RFC 2104) under the main token: it needs no storage while it lasts, outlives a restart, and ends when it is signed out
 * of, its token is revoked or the main token changed.
 */
export class Guard {
  readonly #token: string;
  readonly #keeper: Keeper;
  readonly #attempts: Buckets;
  /** Cookies do not tell ports apart; a name of its own keeps two Volts on one machine from signing each other out. */
  readonly cookie: string;

  constructor(token: string, keeper: Keeper, attempts = attemptRate) {
    this.#token = token;
    this.#keeper = keeper;
    this.#attempts = new Buckets(attempts);
    this.cookie = `volt_session_${this.#code('cookie name').slice(0, 8)}`;
  }

  /**
   * Who makes the request; undefined for nobody that is known.
   * @throws VoltError `rate_limited`
   */
  async callerOf(context: Context<WebEnv>): Promise<Caller | undefined> {
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (bearer !== undefined) return this.callerWith(bearer, context);
    const session = getCookie(context, this.cookie);
    // a browser sends its cookies along with what pages of other sites ask for
    if (session === undefined || !(isReading(context) || comesFromOwnPage(context))) return undefined;
    return this.callerOfSession(session);
  }

  /**
   * Whose token it is. A sender that has tried too many wrong ones is heard no more for a while; on this machine only its
   * wrong ones are refused so, lest a job that tries some shut everybody out.
   * @throws VoltError `rate_limited`
   */
  async callerWith(token: string, context: Context<WebEnv>): Promise<Caller | undefined> {
    const sender = networkOf(addressOf(context));
    if (this.#attempts.isEmpty(sender) && !comesFromThisMachine(context)) throw this.#tooMany(context);
    const caller = await this.#find(token);
    if (!caller && !this.#attempts.take(sender)) throw this.#tooMany(context);
    return caller;
  }

  /** The cookie's value for a browser that signs in now. */
  newSession({ id }: Caller, now = Date.now()): string {
    const until = Math.floor(now / 1000) + sessionLifetime;
    const session = randomBytes(16).toString('hex');
    return `${until}.${id}.${session}.${this.#code(`session ${session} of ${id} until ${until}`)}`;
  }

  async callerOfSession(value: string, now = Date.now()): Promise<Caller | undefined> {
    const session = this.#sessionOf(value);
    const { record } = this.#keeper;
    if (!session || session.until <= now || (await isEnded(record, session.id))) return undefined;
    return session.token === owner.id ? owner : this.#used(await findTokenById(record, session.token));
  }

  /** Ends the session of a cookie, wherever else the cookie may be. */
  async endSession(value: string): Promise<void> {
    const session = this.#sessionOf(value);
    if (session) await endSession(this.#keeper.record, session.id, session.until);
  }

  /** undefined for one that was not made here; `until` in milliseconds since 1970 */
  #sessionOf(value: string): { id: string; token: number; until: number } | undefined {
    const form = /^(\d{1,12})\.(\d{1,15})\.([0-9a-f]{32})\.([0-9a-f]{64})$/;
    const [, until = '', token = '', id = '', code = ''] = form.exec(value) ?? [];
    if (!sameText(code, this.#code(`session ${id} of ${token} until ${until}`))) return undefined;
    return { id, token: Number(token), until: Number(until) * 1000 };
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
    return this.#used(await findToken(this.#keeper.record, token));
  }

  /** A record that cannot be written keeps nobody out. */
  #used(token: NamedToken | undefined): Caller | undefined {
    if (!token) return undefined;
    const { record, logger } = this.#keeper;
    noteUse(record, token).catch((error) => logger.warn(`the use of a token could not be noted: ${errorText(error)}`));
    const { id, name, scope } = token;
    return { id, name, scope };
  }

  #tooMany(context: Context<WebEnv>) {
    return rateLimited(context, this.#attempts, 'too many wrong tokens have come from where you are');
  }

  #code(what: string): string {
    return createHmac('sha256', this.#token).update(`volt ${what}`).digest('hex');
  }
}
