import type { RedisAccess } from './connect.ts';

/**
 * Notes that a provider has answered a sign-in, which it may do once.
 * @param lifetime milliseconds for which the sign-in would be valid
 * @returns false if it has answered before
 */
export async function useSignIn({ client, keys }: RedisAccess, state: string, lifetime: number): Promise<boolean> {
  return (await client.set(keys.usedSignIn(state), '1', 'PX', Math.max(1, Math.ceil(lifetime)), 'NX')) === 'OK';
}
