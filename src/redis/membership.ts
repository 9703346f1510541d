import { z } from 'zod';
import type { RunnerId } from '../kernel/model.ts';
import type { RedisAccess } from './connect.ts';
import { heartbeatTtl } from './heartbeat-times.ts';

export const stageKinds = ['observer', 'dispatcher', 'reporter', 'web'] as const;
export type StageKind = (typeof stageKinds)[number];

/** Where a process lives: enough for another process on the same machine to see whether it is still there. */
const processSchema = z.object({
  host: z.string(),
  /** equal for two processes exactly if they see the same processes, see process.ts */
  machine: z.string(),
  pid: z.number(),
  /** start time of the process in clock ticks since boot, which tells it from a later one with the same pid */
  pidStart: z.string(),
});
export type ProcessIdentity = z.infer<typeof processSchema>;

/** How a member's process is doing; what a member of another version does not tell is missing. */
const vitalsSchema = z.object({
  /** resident memory in bytes */
  memory: z.number(),
  /** processor time since the start, in seconds */
  cpu: z.number(),
  /** the longest that its event loop was held within the last seconds, in milliseconds */
  lag: z.number(),
  /** how often the connection to Redis was lost and made again */
  reconnects: z.number(),
  /** bytes that are free on the disk of its data directory, null where that cannot be told */
  diskFree: z.number().nullable(),
  /** less than VOLT_DISK_FLOOR is free */
  diskLow: z.boolean(),
  /** milliseconds by which the clock of its machine is ahead of the server's; told times are corrected by it */
  clockAhead: z.number().optional(),
  /** what it has logged as warnings and errors */
  warnings: z.object({
    count: z.number(),
    last: z
      .object({
        at: z.string(),
        level: z.string(),
        message: z.string(),
        /** the work that it is about: `repo`, `build`, `job`, `attempt`, `runner` */
        about: z.record(z.string(), z.string()).default({}),
      })
      .nullable(),
  }),
});
export type Vitals = z.infer<typeof vitalsSchema>;

export const stageMemberSchema = processSchema.extend({
  id: z.string(),
  version: z.string(),
  startedAt: z.string(),
  heartbeatAt: z.string(),
  /** of the database that it keeps the record in, see record/engine.ts */
  record: z.string().optional(),
  vitals: vitalsSchema.optional(),
  /** what it fails at and goes on trying */
  problems: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).default([]),
});
export type StageMember = z.infer<typeof stageMemberSchema>;

export const runnerMemberSchema = stageMemberSchema.extend({
  id: z.string().transform((id) => id as RunnerId),
  name: z.string(),
  labels: z.array(z.string()),
  slots: z.number(),
  /** patterns of the repositories that it is kept for, see queues/kept.ts */
  repos: z.array(z.array(z.string())).default([]),
  /** attempts that hold a slot */
  running: z.array(z.string()),
  /** attempts that have ended and whose outcome is not yet recorded; nobody may take them back either */
  reporting: z.array(z.string()),
  /** the processes that stand for the running attempts; each attempt's own processes are gone when its is */
  scopes: z.array(processSchema),
  /** what is sealed to it can be opened with this runner's private key alone, see secrets/sealed-box.ts */
  publicKey: z.string().optional(),
  /** its own word that this is its key for boxes, signed with `key` */
  boxSignature: z.string().optional(),
  /** public key that its words are signed with */
  key: z.string().optional(),
  /** its signed words that it has begun what it runs, as JSON, for a record that has not heard them */
  claims: z.array(z.string()).default([]),
  /** load average of the machine over one minute */
  load: z.number(),
  /** it has been told to stop, and takes no more jobs */
  draining: z.boolean().optional(),
});
export type RunnerMember = z.infer<typeof runnerMemberSchema>;

/** Code of the problem that a runner tells while it takes no jobs. */
export const unfitCode = 'runner_unfit';

/** Why a runner takes no jobs at present; undefined while it does. */
export function unfitReason({ problems }: Pick<RunnerMember, 'problems'>): string | undefined {
  return problems.find(({ code }) => code === unfitCode)?.message;
}

/** Writes one heartbeat; resolves when Redis has confirmed it. All but the first are those of redis/heartbeat/. */
export async function writeHeartbeat(
  { client, keys }: Pick<RedisAccess, 'client' | 'keys'>,
  kind: string,
  member: z.input<typeof stageMemberSchema> | z.input<typeof runnerMemberSchema>,
): Promise<void> {
  const pipeline = client.pipeline();
  // in this order: an id without a key would be taken for a member that is gone
  pipeline.set(keys.member(kind, member.id), JSON.stringify(member), 'PX', heartbeatTtl);
  pipeline.sadd(keys.members(kind), member.id);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** The runner with that id, or undefined where its heartbeat is gone. */
export async function findRunner({ client, keys }: RedisAccess, id: RunnerId): Promise<RunnerMember | undefined> {
  const value = await client.get(keys.member('runner', id));
  return value === null ? undefined : parse(value, runnerMemberSchema)[0];
}

/** Takes a member out at once, as on a graceful stop. */
export async function leave(
  { client, keys }: Pick<RedisAccess, 'client' | 'keys'>,
  kind: string,
  id: string,
): Promise<void> {
  await client.multi().srem(keys.members(kind), id).del(keys.member(kind, id)).exec();
}

/**
 * Takes out the ids of members whose heartbeat key has expired. One that has come back in the same moment stays.
 * @param ids as `list…` has found them to be gone
 */
export async function forgetGone(access: RedisAccess, kind: string, ids: readonly string[]): Promise<void> {
  const { client, keys } = access;
  for (const id of ids) await client.eval(removeWhenGone, 2, keys.members(kind), keys.member(kind, id), id);
}

const removeWhenGone = `if redis.call('exists', KEYS[2]) == 0 then return redis.call('srem', KEYS[1], ARGV[1]) end`;

/**
 * The members of a kind whose heartbeat key is there, and the ids of those whose key has expired, and of those that live and
 * that cannot be understood, since they are of another version.
 */
async function list<T>(
  access: RedisAccess,
  kind: string,
  schema: z.ZodType<T>,
): Promise<{ alive: T[]; gone: string[]; unreadable: string[] }> {
  const { client, keys } = access;
  const found = (await client.eval(listMembers, 1, keys.members(kind), keys.member(kind, ''))) as [
    string,
    string | null,
  ][];
  found.sort(([one], [other]) => (one < other ? -1 : 1));
  const alive: T[] = [];
  const gone: string[] = [];
  const unreadable: string[] = [];
  for (const [id, value] of found) {
    if (value === null) gone.push(id);
    else {
      const member = parse(value, schema);
      if (member.length === 0) unreadable.push(id);
      alive.push(...member);
    }
  }
  return { alive, gone, unreadable };
}

/** The ids with what their keys hold, nothing where that is no text; in one exchange, for runners are looked at often. */
const listMembers = `
local found = {}
for i, id in ipairs(redis.call('smembers', KEYS[1])) do found[i] = {id, redis.call('mget', ARGV[1] .. id)[1]} end
return found`;

/** A member of another version that cannot be understood is left out. */
function parse<T>(text: string, schema: z.ZodType<T>): T[] {
  try {
    return [schema.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}

export function listRunners(access: RedisAccess) {
  return list(access, 'runner', runnerMemberSchema);
}

export function listStages(access: RedisAccess, kind: StageKind) {
  return list(access, kind, stageMemberSchema);
}
