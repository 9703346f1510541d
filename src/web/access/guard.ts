import { createHmac, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Config } from '../../kernel/config.ts';
import { errorText } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { serverNow } from '../../kernel/server-time.ts';
import type { Database } from '../../record/database.ts';
import { rightsOf } from '../../record/grants.ts';
import { findPerson } from '../../record/people.ts';
import {
  addSession,
  endSession,
  endSessions,
  findSession,
  noteSessionUse,
  type Session,
} from '../../record/sessions.ts';
import { findToken, findTokenById, type NamedToken, noteUse } from '../../record/tokens.ts';
import { networkOf } from '../http/network.ts';
import { bearerOf } from './bearer.ts';
import { type Caller, callerOfPerson, callerOfToken, owner, withToken } from './caller.ts';
import { comesFromOwnPage, isOwnDoing, isReading } from './csrf.ts';
import type { WebEnv } from './env.ts';
import { ProxyPeople } from './proxy-people.ts';
import { type Rate, RateLimiter, rateLimited } from './rate-limit.ts';
import { sameText } from './same-text.ts';

/** How many wrong tokens one sender may try. */
const attemptRate: Rate = { burst: 20, perSecond: 1 / 6 };

/** How many failed sign-ins of one sender, and of all, go to the audit log. */
const loggedRates = { sender: { burst: 1, perSecond: 1 / 60 }, all: { burst: 60, perSecond: 1 } } as const;

interface Services {
  config: Pick<Config, 'sessionHours' | 'groupDays'>;
  database: Database;
  logger: Logger;
}

/** A session that begins: whose it is, and where and by what. */
type NewSession = Omit<Session, 'id' | 'createdAt' | 'lastUsedAt' | 'until'>;

/**
 * Authenticates requests by the main token, named tokens of the database, and sessions of browsers. A session cookie holds a
 * random secret; the key of the session's row is an HMAC (RFC 2104) of secret and origin under the main token. A session ends
 * when the browser signs out, somebody ends it, its token is revoked, or the main token changes. It is valid only at the origin
 * where it began, because browsers send cookies to every port of a host.
 */
export class Guard {
  readonly #token: string;
  readonly #services: Services;
  readonly #attempts: RateLimiter;
  readonly #proxyPeople: ProxyPeople;
  readonly #logged = { sender: new RateLimiter(loggedRates.sender), all: new RateLimiter(loggedRates.all) };
  /** Cookies ignore ports; a name of its own keeps two Volts on one machine from signing each other out. */
  readonly #cookie: string;
  /** Secret host name below `localhost` at which browsers sign in: 128 bits, derived from the main token. */
  readonly privateHost: string;

  constructor(token: string, services: Services, attempts = attemptRate) {
    this.#token = token;
    this.#services = services;
    this.#attempts = new RateLimiter(attempts);
    this.#proxyPeople = new ProxyPeople(services.database, services.config);
    this.#cookie = `volt_session_${this.#code('cookie name').slice(0, 8)}`;
    this.privateHost = `${this.#code('private host').slice(0, 32)}.localhost`;
  }

  /** Name of the cookie at an origin. Over TLS the prefix makes browsers bind it to that host (RFC 6265bis, 4.1.3.2). */
  cookieAt(origin: string): string {
    return origin.startsWith('https:') ? `__Host-${this.#cookie}` : this.#cookie;
  }

  /**
   * Who makes the request; undefined if it has no valid token or session. A token decides alone; then the word of a proxy, which
   * each request has anew, and only then a session.
   * @throws VoltError `rate_limited`
   */
  async callerOf(context: Context<WebEnv>): Promise<Caller | undefined> {
    const bearer = bearerOf(context);
    if (bearer !== undefined) return this.callerWith(bearer, context);
    const told = context.get('told');
    if (told) return isOwnDoing(context) ? this.#callerOfPerson(await this.#proxyPeople.personOf(told)) : undefined;
    const { origin } = context.get('source');
    const session = getCookie(context, this.cookieAt(origin));
    // browsers add cookies to requests of other sites' pages, too
    if (session === undefined || !(isReading(context) || comesFromOwnPage(context))) return undefined;
    context.set('session', this.sessionId(session, origin));
    return this.callerOfSession(session, origin);
  }

  /**
   * The caller with a token; undefined if the token is wrong. After too many wrong tokens, further wrong ones of the sender
   * throw for a while. A right token is always accepted: it cannot be guessed, and others may share the sender's address.
   * @throws VoltError `rate_limited`
   */
  async callerWith(token: string, context: Context<WebEnv>): Promise<Caller | undefined> {
    const caller = await this.#find(token);
    if (!caller && !this.#attempts.take(networkOf(context.get('source').address))) throw this.#tooMany(context);
    return caller;
  }

  /** Whether a failed sign-in of that sender goes to the audit log: one a minute, and a limited number of all senders. */
  logsFailureOf(address: string): boolean {
    return this.#logged.sender.take(networkOf(address)) && this.#logged.all.take('');
  }

  /** Seconds that a browser stays signed in at most. */
  get sessionLifetime(): number {
    return this.#services.config.sessionHours * 3600;
  }

  /**
   * Begins a session at an origin.
   * @returns the value of its cookie
   */
  async beginSession(session: NewSession): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    const id = this.sessionId(secret, session.origin);
    await addSession(this.#services.database, { ...session, id, lifetime: this.sessionLifetime * 1000 });
    return secret;
  }

  async callerOfSession(secret: string, origin: string, now = serverNow()): Promise<Caller | undefined> {
    const { database } = this.#services;
    const session = await findSession(database, this.sessionId(secret, origin), now);
    if (!session) return undefined;
    const caller = await this.#callerOf(session);
    if (caller) this.#note('a session', noteSessionUse(database, session));
    return caller;
  }

  /** Ends the session of a cookie, also for copies of the cookie. @returns undefined if there was none */
  endSession(secret: string, origin: string): Promise<Pick<Session, 'provider'> | undefined> {
    return endSession(this.#services.database, this.sessionId(secret, origin));
  }

  /** Ends all sessions that began with the main token. */
  async endOwnerSessions(): Promise<void> {
    await endSessions(this.#services.database, 'main token');
  }

  /** The key of a session's row. The database does not reveal the cookie, and a new main token ends all sessions. */
  sessionId(secret: string, origin: string): string {
    return this.#code(`session ${secret} at ${origin}`);
  }

  /** Signs a part of a sign-in at a provider, see sign-in/pending-sign-in.ts. */
  signInCode(text: string): string {
    return this.#code(`sign-in ${text}`);
  }

  /** The secret of a repository's webhook. It is derived, not stored: a new main token or a new salt changes it. */
  hookSecret(repo: string, salt: string): string {
    return this.#code(`hook ${repo} ${salt}`);
  }

  async #find(token: string): Promise<Caller | undefined> {
    if (sameText(token, this.#token)) return owner;
    return this.#used(await findToken(this.#services.database, token));
  }

  async #callerOf({ person, token }: Session): Promise<Caller | undefined> {
    if (token !== null) return this.#used(await findTokenById(this.#services.database, token));
    return person === null ? owner : this.#callerOfPerson(person);
  }

  /** @returns undefined if the person is blocked or gone */
  async #callerOfPerson(id: number): Promise<Caller | undefined> {
    const { database } = this.#services;
    const person = await findPerson(database, id);
    return person && person.blockedAt === null ? callerOfPerson(person, await rightsOf(database, id)) : undefined;
  }

  async #used(token: NamedToken | undefined): Promise<Caller | undefined> {
    if (!token) return undefined;
    const person = token.personId === null ? null : await this.#callerOfPerson(token.personId);
    if (person === undefined) return undefined;
    this.#note('a token', noteUse(this.#services.database, token));
    return person ? withToken(person, token) : callerOfToken(token);
  }

  /** A failure to note a use does not keep the caller out. */
  #note(what: string, noted: Promise<void>): void {
    noted.catch((error) => this.#services.logger.warn(`cannot note that ${what} was used: ${errorText(error)}`));
  }

  #tooMany(context: Context<WebEnv>) {
    return rateLimited(context, this.#attempts, 'too many wrong tokens were sent from your address');
  }

  #code(what: string): string {
    return createHmac('sha256', this.#token).update(`volt ${what}`).digest('hex');
  }
}
