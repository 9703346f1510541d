import type { RedisAccess } from './connect.ts';

/** Seconds for which GitHub's answer is awaited: for so long it keeps the code of an App. */
const lifetime = 3600;

/** Keeps what a person has asked for while the browser is at GitHub. @param state that only that browser and GitHub get */
export async function keepAppRequest({ client, keys }: RedisAccess, state: string, request: string): Promise<void> {
  await client.set(keys.appRequest(state), request, 'EX', lifetime);
}

/** What was kept, once. @returns undefined where nothing is, any more */
export async function takeAppRequest({ client, keys }: RedisAccess, state: string): Promise<string | undefined> {
  const key = keys.appRequest(state);
  const [kept] = (await client.multi().get(key).del(key).exec()) ?? [];
  const text = kept?.[1];
  return typeof text === 'string' ? text : undefined;
}
