import * as z from 'zod';
import type { RedisAccess } from './connect.ts';

/** The admission of a runner's key: its name, and the only repositories that it serves (globs; empty for all). */
const admissionSchema = z.object({ name: z.string(), repos: z.array(z.string()) });
export type RunnerAdmission = z.infer<typeof admissionSchema>;

/** What the database decides about runners. */
export interface RunnerRules {
  /** the valid keys, by public key */
  admissions: ReadonlyMap<string, RunnerAdmission>;
  /** names of the runners that take no jobs because a person has drained them */
  drained: readonly string[];
}

/** The field of a drained runner; no public key has a space. */
const drainedField = (runner: string) => `drained ${runner}`;

/**
 * Publishes the rules to runners, which only read them.
 * @returns whether others were published before
 */
export async function publishRunnerRules(
  { client, keys }: RedisAccess,
  { admissions, drained }: RunnerRules,
): Promise<boolean> {
  const wanted = new Map([...admissions].map(([key, admission]) => [key, JSON.stringify(admission)]));
  for (const runner of drained) wanted.set(drainedField(runner), '');
  // so that the hash exists without any admitted key
  wanted.set('', '{}');
  const published = new Map(Object.entries(await client.hgetall(keys.runnerKeys)));
  if (wanted.size === published.size && [...wanted].every(([key, text]) => published.get(key) === text)) return false;
  await client.multi().del(keys.runnerKeys).hset(keys.runnerKeys, wanted).publish(keys.runnerKeysChanged, '{}').exec();
  return true;
}

/** Has all runners read the rules again. */
export async function repeatRunnerRules({ client, keys }: RedisAccess): Promise<void> {
  await client.publish(keys.runnerKeysChanged, '{}');
}

/** The rules for one runner. */
export interface OwnRules {
  /** null for an unknown key */
  admission: RunnerAdmission | null;
  isDrained: boolean;
}

/**
 * The rules for the runner with that public key and name.
 * @returns undefined where none are published, as in an emptied Redis
 */
export async function readRunnerRules(
  { client, keys }: RedisAccess,
  publicKey: string,
  name: string,
): Promise<OwnRules | undefined> {
  const [any, text, drained] = await client.hmget(keys.runnerKeys, '', publicKey, drainedField(name));
  if (any === null) return undefined;
  const admission = text == null ? null : admissionSchema.parse(JSON.parse(text));
  return { admission, isDrained: drained != null };
}
