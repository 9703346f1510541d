import * as z from 'zod';
import type { RunnerId } from '../kernel/model.ts';
import { parseJson } from '../system/parse-json.ts';
import type { RedisAccess } from './connect.ts';
import { heartbeatTtl } from './heartbeat-times.ts';

export const stageKinds = ['observer', 'dispatcher', 'reporter', 'notifier', 'web'] as const;
export type StageKind = (typeof stageKinds)[number];

/** Identifies a process, so that another process of the same machine can see whether it still runs. */
const processSchema = z.object({
  host: z.string(),
  /** equal for two processes if and only if they see the same processes, see process.ts */
  machine: z.string(),
  pid: z.number(),
  /** start time of the process in clock ticks since boot: a later process with the same pid has another one */
  pidStart: z.string(),
});
export type ProcessIdentity = z.infer<typeof processSchema>;

/** The state of a member's process; a member of another version may lack fields. */
const vitalsSchema = z.object({
  /** resident memory in bytes */
  memory: z.number(),
  /** processor time since the start, in seconds */
  cpu: z.number(),
  /** the longest delay of its event loop in the last seconds, in milliseconds */
  lag: z.number(),
  /** how often it lost and restored its connection to Redis */
  reconnects: z.number(),
  /** free bytes on the disk of its data directory, null where unknown */
  diskFree: z.number().nullable(),
  /** less than VOLT_DISK_FLOOR is free */
  diskLow: z.boolean(),
  /** milliseconds by which the clock of its machine is ahead of Redis; reported times are corrected by it */
  clockAhead: z.number().optional(),
  /** its logged warnings and errors */
  warnings: z.object({
    count: z.number(),
    last: z
      .object({
        at: z.string(),
        level: z.string(),
        message: z.string(),
        /** `repo`, `build`, `job`, `attempt`, `runner` */
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
  /** location of its database, see record/engine.ts */
  record: z.string().optional(),
  vitals: vitalsSchema.optional(),
  /** what fails at present and is tried again */
  problems: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).default([]),
});
export type StageMember = z.infer<typeof stageMemberSchema>;

export const runnerMemberSchema = stageMemberSchema.extend({
  id: z.string().transform((id) => id as RunnerId),
  name: z.string(),
  labels: z.array(z.string()),
  slots: z.number(),
  /** patterns of the only repositories that it serves, see queues/queue-labels.ts */
  repos: z.array(z.array(z.string())).default([]),
  /** kinds of plans that it takes beside those that all runners do, see queues/queue-labels.ts */
  plans: z.array(z.string()).default([]),
  /** attempts that hold a slot */
  running: z.array(z.string()),
  /** attempts that have ended and whose outcome is not recorded yet; the dispatcher does not take them back either */
  reporting: z.array(z.string()),
  /** one process for each running attempt, and one for containers; when they are gone, all processes of the attempts are */
  scopes: z.array(processSchema),
  /** public key for secrets to this runner, see secrets/sealed-box.ts */
  publicKey: z.string().optional(),
  /** signature of `publicKey` with `key` */
  boxSignature: z.string().optional(),
  /** public key for the signatures of its messages */
  key: z.string().optional(),
  /** its signed claims that it has started its attempts, as JSON, for a database that does not know yet */
  claims: z.array(z.string()).default([]),
  /** load average of the machine over one minute */
  load: z.number(),
  /** how many processors it may use */
  cores: z.number().optional(),
  /** how its jobs are isolated: one of the values of VOLT_ISOLATION */
  isolation: z.string().optional(),
  /** the container engine that it has used, for people; null if none was needed yet */
  engine: z.string().nullable().optional(),
  /** it is stopping, and takes no more jobs */
  stopping: z.boolean().optional(),
  /** it takes no more jobs, because a person has drained it; a runner of an older version cannot be drained */
  drained: z.boolean().optional(),
});
export type RunnerMember = z.infer<typeof runnerMemberSchema>;

/** Code of the problem that a runner reports while it takes no jobs. */
export const unfitCode = 'runner_unfit';

/** Why a runner takes no jobs at present; undefined while it takes jobs. */
export function unfitReason({ problems }: Pick<RunnerMember, 'problems'>): string | undefined {
  return problems.find(({ code }) => code === unfitCode)?.message;
}

/** Whether a runner takes no more jobs, by the order of a person or because it is stopping. */
export function isOutOfService({ stopping, drained }: Pick<RunnerMember, 'stopping' | 'drained'>): boolean {
  return stopping === true || drained === true;
}

/** Writes one heartbeat; resolves when Redis has confirmed it. Later heartbeats are sent by redis/heartbeat/. */
export async function writeHeartbeat(
  { client, keys }: Pick<RedisAccess, 'client' | 'keys'>,
  kind: string,
  member: z.input<typeof stageMemberSchema> | z.input<typeof runnerMemberSchema>,
): Promise<void> {
  const pipeline = client.pipeline();
  // in this order: an id without a key looks like a member that is gone
  pipeline.set(keys.member(kind, member.id), JSON.stringify(member), 'PX', heartbeatTtl);
  pipeline.sadd(keys.members(kind), member.id);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** The runner with that id; undefined when its heartbeat has expired. */
export async function findRunner({ client, keys }: RedisAccess, id: RunnerId): Promise<RunnerMember | undefined> {
  const value = await client.get(keys.member('runner', id));
  return value === null ? undefined : runnerMemberSchema.safeParse(parseJson(value)).data;
}

/** Removes a member at once, for a graceful stop. */
export async function leave(
  { client, keys }: Pick<RedisAccess, 'client' | 'keys'>,
  kind: string,
  id: string,
): Promise<void> {
  await client.multi().srem(keys.members(kind), id).del(keys.member(kind, id)).exec();
}

/**
 * Removes the ids of members whose heartbeat has expired, unless they have just come back.
 * @param ids the `gone` of `list…`
 */
export async function forgetGone(access: RedisAccess, kind: string, ids: readonly string[]): Promise<void> {
  const { client, keys } = access;
  for (const id of ids) await client.eval(removeWhenGone, 2, keys.members(kind), keys.member(kind, id), id);
}

const removeWhenGone = `if redis.call('exists', KEYS[2]) == 0 then return redis.call('srem', KEYS[1], ARGV[1]) end`;

/**
 * The members of a kind.
 * @returns `alive`: with a heartbeat; `gone`: ids whose heartbeat has expired; `unreadable`: ids of members of another version that
 * this one cannot read
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
    const member = value === null ? undefined : schema.safeParse(parseJson(value)).data;
    if (member !== undefined) alive.push(member);
    else (value === null ? gone : unreadable).push(id);
  }
  return { alive, gone, unreadable };
}

/** The ids with the values of their keys, in one round trip, since runners are read often. */
const listMembers = `
local found = {}
for i, id in ipairs(redis.call('smembers', KEYS[1])) do found[i] = {id, redis.call('mget', ARGV[1] .. id)[1]} end
return found`;

export function listRunners(access: RedisAccess) {
  return list(access, 'runner', runnerMemberSchema);
}

export function listStages(access: RedisAccess, kind: StageKind) {
  return list(access, kind, stageMemberSchema);
}
