import * as z from 'zod';
import type { RedisAccess } from './connect.ts';

/** The admission of a runner's key: its name, and the only repositories that it serves (globs; empty for all). */
const admissionSchema = z.object({ name: z.string(), repos: z.array(z.string()) });
export type RunnerAdmission = z.infer<typeof admissionSchema>;

/**
 * Publishes the admitted keys to runners. The database decides what a key may do.
 * @param admissions by public key
 */
export async function publishRunnerKeys(
  { client, keys }: RedisAccess,
  admissions: ReadonlyMap<string, RunnerAdmission>,
): Promise<void> {
  const wanted = new Map([...admissions].map(([key, admission]) => [key, JSON.stringify(admission)]));
  // so that the hash exists without any admitted key
  wanted.set('', '{}');
  const published = new Map(Object.entries(await client.hgetall(keys.runnerKeys)));
  if (wanted.size === published.size && [...wanted].every(([key, text]) => published.get(key) === text)) return;
  await client.multi().del(keys.runnerKeys).hset(keys.runnerKeys, wanted).publish(keys.runnerKeysChanged, '{}').exec();
}

/**
 * The admission of a key.
 * @returns null for an unknown key; undefined where none were published, as in an emptied Redis
 */
export async function readAdmission(
  { client, keys }: RedisAccess,
  publicKey: string,
): Promise<RunnerAdmission | null | undefined> {
  const text = await client.hget(keys.runnerKeys, publicKey);
  if (text === null) return (await client.exists(keys.runnerKeys)) === 0 ? undefined : null;
  return admissionSchema.parse(JSON.parse(text));
}
