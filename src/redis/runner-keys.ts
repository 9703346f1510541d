import { z } from 'zod';
import type { RedisAccess } from './connect.ts';

/** What a runner is told of its key: that it is known, and which repositories it is kept for (globs; empty for all). */
const admissionSchema = z.object({ name: z.string(), repos: z.array(z.string()) });
export type RunnerAdmission = z.infer<typeof admissionSchema>;

/**
 * Tells runners which keys are good for something. They only read it; what a key may do is decided by the record.
 * @param admissions by public key
 */
export async function publishRunnerKeys(
  { client, keys }: RedisAccess,
  admissions: ReadonlyMap<string, RunnerAdmission>,
): Promise<void> {
  const wanted = new Map([...admissions].map(([key, admission]) => [key, JSON.stringify(admission)]));
  // so that there is something to read where no key is good for anything
  wanted.set('', '{}');
  const there = new Map(Object.entries(await client.hgetall(keys.runnerKeys)));
  if (wanted.size === there.size && [...wanted].every(([key, text]) => there.get(key) === text)) return;
  await client.multi().del(keys.runnerKeys).hset(keys.runnerKeys, wanted).publish(keys.runnerKeysChanged, '{}').exec();
}

/**
 * What is said of a key.
 * @returns null where it is not known; undefined where nothing is said of any, as in a Redis that was emptied
 */
export async function readAdmission(
  { client, keys }: RedisAccess,
  publicKey: string,
): Promise<RunnerAdmission | null | undefined> {
  const text = await client.hget(keys.runnerKeys, publicKey);
  if (text === null) return (await client.exists(keys.runnerKeys)) === 0 ? undefined : null;
  return admissionSchema.parse(JSON.parse(text));
}
