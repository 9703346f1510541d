import { randomBytes } from 'node:crypto';
import { VoltError } from '../../kernel/errors.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { sameText } from '../access/same-text.ts';
import { ownPath } from '../http/own-path.ts';
import type { AuthorizationRequest } from './provider-client.ts';

/** Milliseconds that a person has at the provider. */
export const signInTime = 600_000;

/** The longest path to open after signing in, since a cookie carries it. */
const longestNext = 1000;

/** A sign-in that has begun. */
export interface PendingSignIn {
  request: AuthorizationRequest;
  /** safe path to open after signing in */
  next: string;
  /** milliseconds since 1970 */
  until: number;
}

/** Where a sign-in takes place. */
interface Place {
  provider: string;
  /** of Volt, as the browser shows it */
  origin: string;
}

/** Signs a text with the main token, see Guard. */
type Sign = (text: string) => string;

/**
 * A sign-in while the browser is at a provider lives in a cookie of that browser, so it survives a restart of Volt and ends at any of
 * several web stages. The cookie holds a random number, from which the main token makes the secrets of the sign-in, with a
 * signature. Whoever brings an answer of the provider without the cookie of the browser that was sent there is refused.
 */
export function beginSignIn(place: Place, next: unknown, sign: Sign): { pending: PendingSignIn; cookie: string } {
  const path = ownPath(next);
  const kept = path.length > longestNext ? '/' : path;
  const seed = randomBytes(32).toString('hex');
  const until = serverNow() + signInTime;
  const signed = [seed, until, Buffer.from(kept).toString('base64url')].join('.');
  return {
    pending: { request: requestOf(seed, place, sign), next: kept, until },
    cookie: `${signed}.${sign(signatureText(signed, place))}`,
  };
}

/**
 * The sign-in of a cookie.
 * @throws VoltError `sign_in_expired` if this browser has not begun it there, or too long ago
 */
export function resumeSignIn(place: Place, cookie: string | undefined, sign: Sign): PendingSignIn {
  const [, signed = '', seed = '', until = '', path = '', signature = ''] =
    /^(([0-9a-f]{64})\.(\d{1,15})\.([\w-]{0,4000}))\.([0-9a-f]{64})$/.exec(cookie ?? '') ?? [];
  if (!sameText(signature, sign(signatureText(signed, place))) || Number(until) <= serverNow()) throw expired();
  const next = ownPath(Buffer.from(path, 'base64url').toString());
  return { request: requestOf(seed, place, sign), next, until: Number(until) };
}

export function expired(): VoltError {
  return new VoltError('sign_in_expired', 'this browser has not begun this sign-in, or more than ten minutes ago', {
    remedy: 'Sign in again. If somebody has sent you this link, do not use it.',
  });
}

/** Name of the cookie of a sign-in: browsers may have several under way. Over TLS it is bound to this host, as a session is. */
export function signInCookie(origin: string, state: string): string {
  const name = `volt_sign_in_${state.slice(0, 12)}`;
  return origin.startsWith('https:') ? `__Host-${name}` : name;
}

/** Where a provider sends browsers back to. */
export function redirectUriOf({ origin, provider }: Place): string {
  return `${origin}/sign-in/with/${provider}/callback`;
}

function requestOf(seed: string, place: Place, sign: Sign): AuthorizationRequest {
  return {
    redirectUri: redirectUriOf(place),
    state: sign(`state ${seed}`),
    nonce: sign(`nonce ${seed}`),
    verifier: sign(`verifier ${seed}`),
  };
}

function signatureText(signed: string, { provider, origin }: Place): string {
  return `${signed} with ${provider} at ${origin}`;
}
