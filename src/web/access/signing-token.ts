/** How keys of Standard Webhooks begin (github.com/standard-webhooks). */
const prefix = 'whsec_';

/** A secret that `Guard.hookSecret` has made, in the form of Standard Webhooks. */
export function signingTokenOf(secret: string): string {
  return `${prefix}${Buffer.from(secret, 'hex').toString('base64')}`;
}

/** What a secret is as the key of Standard Webhooks. */
export function signingKey(secret: string): Buffer {
  if (secret.startsWith(prefix)) return Buffer.from(secret.slice(prefix.length), 'base64');
  return Buffer.from(secret, /^[0-9a-f]{64}$/.test(secret) ? 'hex' : 'utf8');
}
