import { createHmac, timingSafeEqual } from 'node:crypto';

/** Which notices somebody may stop without signing in. */
export interface StopLink {
  /** mail address */
  recipient: string;
  /** null for a notice about no build */
  repo: string | null;
  branch: string | null;
}

/** Bytes of the code, which RFC 2104 lets be half of the hash. */
const codeBytes = 16;
/** The most characters of a token: an address, a repository and a branch have at most some 600 bytes. */
const longest = 2000;

/**
 * The part of a link that says which notices it stops, with a code (HMAC, RFC 2104) without which nobody can make such a link. It
 * needs no storage, so a link in an old mail works when its build was deleted.
 * @param key that of the target, see makeStopKey
 */
export function stopToken(key: string, { recipient, repo, branch }: StopLink): string {
  const payload = Buffer.from(JSON.stringify([recipient, repo, branch])).toString('base64url');
  return `${payload}.${codeOf(key, payload).toString('base64url')}`;
}

/** @returns undefined for a token that was not made with the key */
export function readStopToken(key: string, token: string): StopLink | undefined {
  const [, payload = '', code = ''] = /^([\w-]+)\.([\w-]{22})$/.exec(token.slice(0, longest + 1)) ?? [];
  const given = Buffer.from(code, 'base64url');
  if (token.length > longest || given.length !== codeBytes || !timingSafeEqual(given, codeOf(key, payload)))
    return undefined;
  const [recipient, repo, branch] = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return { recipient, repo, branch };
}

function codeOf(key: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`volt stop notices ${payload}`).digest().subarray(0, codeBytes);
}
