import type { RedisAccess } from './connect.ts';

/** Seconds for which a call of a webhook is known, three days: for so long GitHub repeats one that a person asks for. */
const knownFor = 259_200;

/**
 * Does what the call of a webhook asks for, unless the same call has come before. A body is recognized by its own hash: most forges
 * do not sign the id that they send with it, so whoever has recorded a call could give it another one. While Redis is away, all count
 * as the first.
 * @param hash SHA-256 of the body
 * @param work if it fails, the next call with that body tries again
 */
export async function atFirstDelivery(
  { client, keys }: RedisAccess,
  { repo, hash }: { repo: string; hash: string },
  work: () => Promise<void>,
): Promise<void> {
  // the forge does not wait until Redis is back
  if (client.status !== 'ready') return work();
  const key = keys.delivery(repo, hash);
  if ((await client.set(key, '1', 'EX', knownFor, 'NX')) !== 'OK') return;
  try {
    await work();
  } catch (error) {
    await client.del(key).catch(() => undefined);
    throw error;
  }
}
