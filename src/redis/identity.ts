import { randomUUID } from 'node:crypto';
import { VoltError } from '../kernel/errors.ts';
import type { RedisAccess } from './connect.ts';
import { reportTime } from './heartbeat-times.ts';
import { listStages, type StageMember, stageKinds } from './membership.ts';
import { isSeenGone } from './process-identity.ts';

/** The database that a stage uses. */
export interface RecordIdentity {
  id: string;
  /** ids of databases that it has replaced */
  formerIds: readonly string[];
  /** the highest id that any of its builds has had */
  newestBuild(): Promise<number>;
}

/** A Redis that is fresh. Ids tell which builds are newer, since the clocks of several machines cannot. */
export interface FreshRedis {
  /** differs each time that a Redis is fresh */
  id: string;
  /** the last build that the earlier Redis may know; later builds are newer than that Redis */
  heard: number;
}

/**
 * Makes sure that this Redis serves the given database; claims an empty Redis for it. Empties a Redis that served the database
 * before a restore, since its messages are of builds that the database does not know.
 * @returns whether the Redis was empty, or emptied now
 * @throws VoltError `record_mismatch` when it serves another database
 */
export async function claimRedis(
  access: RedisAccess,
  { id: recordId, formerIds, newestBuild }: RecordIdentity,
): Promise<boolean> {
  const { client, keys } = access;
  const before = await client.get(keys.record);
  if (before !== null && formerIds.includes(before)) await emptyOf(access, before);
  if ((await client.exists(keys.record)) === 0) {
    const fresh: FreshRedis = { id: randomUUID(), heard: await newestBuild() };
    // before the claim: a process that finds the claim must find this, too
    await client.set(keys.young, JSON.stringify(fresh), 'PX', reportTime);
    const taken = await client.set(keys.record, recordId, 'NX');
    if (taken === 'OK') return true;
  }
  const holder = await client.get(keys.record);
  if (holder === recordId) return false;
  throw new VoltError('record_mismatch', 'this Redis belongs to a Volt with another database', {
    remedy:
      'Give all stages except runners the same VOLT_DATA_DIR or VOLT_DATABASE_URL, or give this Volt its own VOLT_REDIS_PREFIX.',
  });
}

/**
 * Makes sure that no stage uses a copy of the database: two databases with one id on one Redis would give the same ids to
 * different builds.
 * @param location of the database that the calling stage uses, see Engine.location
 * @throws VoltError `record_copied` naming such a stage
 */
export async function refuseCopy(access: RedisAccess, location: string | undefined): Promise<void> {
  if (location === undefined) return;
  // the heartbeat of a killed stage lasts a few seconds
  const other = await findStage(access, (each) => ![undefined, location].includes(each.record) && !isSeenGone(each));
  if (other === undefined) return;
  throw new VoltError('record_copied', `a copy of this database is in use on this Redis: ${other}`, {
    remedy:
      'Stop that Volt first if this one replaces it. To run both, make a database of its own with `volt backup` and `volt restore`.',
  });
}

/** The first live stage for which this holds, for people. */
async function findStage(access: RedisAccess, holds: (stage: StageMember) => boolean): Promise<string | undefined> {
  for (const kind of stageKinds) {
    const found = (await listStages(access, kind)).alive.find(holds);
    if (found) return `${kind} on ${found.host} (process ${found.pid})`;
  }
  return undefined;
}

/** @throws VoltError `record_mismatch` where stages still use the former database */
async function emptyOf(access: RedisAccess, former: string): Promise<void> {
  const { client, keys } = access;
  const stage = await findStage(access, () => true);
  if (stage !== undefined) {
    throw new VoltError('record_mismatch', `this Redis still serves the database from before the restore: ${stage}`, {
      remedy: 'Stop that Volt first, or give this one its own Redis or VOLT_REDIS_PREFIX.',
    });
  }
  for await (const names of client.scanStream({ match: keys.all, count: 1000 })) {
    const others = (names as string[]).filter((name) => name !== keys.record);
    if (others.length > 0) await client.unlink(others);
  }
  // last, and only if no other process was faster: if this one is killed before, the next one empties Redis again
  if ((await client.get(keys.record)) === former) await client.del(keys.record);
}

/** The one member of `builds`. */
const highest = 'highest';

/** Records that a build is about to be sent to the queues of this Redis. */
export async function noteBuild({ client, keys }: RedisAccess, id: number): Promise<void> {
  await client.zadd(keys.builds, 'GT', id, highest);
}

/** The highest id of a build that was sent to the queues of this Redis; undefined before the first. */
export async function highestBuild({ client, keys }: RedisAccess): Promise<number | undefined> {
  const id = await client.zscore(keys.builds, highest);
  return id === null ? undefined : Number(id);
}

/** Milliseconds for which this Redis is still fresh; 0 when runners have reported all that they run. */
export async function freshFor({ client, keys }: RedisAccess): Promise<number> {
  return Math.max(await client.pttl(keys.young), 0);
}

/**
 * Claims this Redis as `claimRedis` does, and tells whether it is fresh: it may just have been emptied. One command where nobody
 * has emptied it.
 * @returns undefined where it is not fresh any more
 */
export async function freshRedis(access: RedisAccess, record: RecordIdentity): Promise<FreshRedis | undefined> {
  const { client, keys } = access;
  const [holder, young] = await client.mget(keys.record, keys.young);
  if (holder === record.id) return parseFresh(young);
  await claimRedis(access, record);
  return parseFresh(await client.get(keys.young));
}

function parseFresh(text: string | null | undefined): FreshRedis | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as FreshRedis) : undefined;
}
