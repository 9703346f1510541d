import { randomUUID } from 'node:crypto';
import { VoltError } from '../kernel/errors.ts';
import type { RedisAccess } from './connect.ts';
import { heartbeatInterval, leaseTtl } from './heartbeat-times.ts';
import { listStages, stageKinds } from './membership.ts';
import { isSeenGone } from './process.ts';

/**
 * A Redis that is new to its record is young for this long (ms). What the record says is queued may be at work on a
 * runner all the same: its `started` was on the way when the former Redis, or its content, went. Such a runner either
 * has a heartbeat confirmed by the new one, which tells what it runs; or it has had its last confirmation, or the last
 * refusal of a connection, before the new one was there, and then its lease has run out, and its processes are dead,
 * one lease later at the latest; one heartbeat more is for what it sends before it notices.
 */
const freshTime = leaseTtl + heartbeatInterval;

/** The record that a stage has open. */
export interface RecordIdentity {
  id: string;
  /** of the records that it has taken the place of */
  formerIds: readonly string[];
  /** the highest id that a build of it has had */
  newestBuild(): Promise<number>;
}

/** That a Redis is young. What is new is told by ids of the record, since clocks of several machines cannot tell it. */
export interface FreshRedis {
  /** unlike that of any other time at which it was young */
  id: string;
  /** an earlier Redis may have heard of builds up to this one; later ones were made when there was none any more */
  heard: number;
}

/**
 * Makes sure that this Redis serves the given record; an empty Redis is taken for it. One that served what the record
 * was before it was restored from a backup is emptied first: its messages are of builds that the record does not know.
 * @returns whether the Redis was new to the record: empty, or emptied since
 * @throws VoltError `record_mismatch` when it serves another one
 */
export async function claimRedis(
  access: RedisAccess,
  { id: recordId, formerIds, newestBuild }: RecordIdentity,
): Promise<boolean> {
  const { client, keys } = access;
  const before = await client.get(keys.record);
  if (before !== null && formerIds.includes(before)) await emptyOf(access, before);
  if ((await client.exists(keys.record)) === 0) {
    const youth: FreshRedis = { id: randomUUID(), heard: await newestBuild() };
    // before the claim: whoever finds that the record is known here must find this, too
    await client.set(keys.young, JSON.stringify(youth), 'PX', freshTime);
    const taken = await client.set(keys.record, recordId, 'NX');
    if (taken === 'OK') return true;
  }
  const holder = await client.get(keys.record);
  if (holder === recordId) return false;
  throw new VoltError('record_mismatch', 'this Redis belongs to a Volt with another record (database)', {
    remedy:
      'Give every stage but runners the same VOLT_DATA_DIR or VOLT_DATABASE_URL, or this Volt a VOLT_REDIS_PREFIX of its own.',
  });
}

/**
 * Makes sure that no stage works with a copy of the record: two databases of one id on one Redis would each give ids to
 * builds that the other does not know.
 * @param place of the record that the calling stage has open, see Engine.place
 * @throws VoltError `record_copied` naming such a stage
 */
export async function refuseCopy(access: RedisAccess, place: string | undefined): Promise<void> {
  if (place === undefined) return;
  for (const kind of stageKinds) {
    const { alive } = await listStages(access, kind);
    // the heartbeat of one that was killed lasts a while longer
    const other = alive.find((each) => each.record !== undefined && each.record !== place && !isSeenGone(each));
    if (!other) continue;
    throw new VoltError(
      'record_copied',
      `a copy of this record is at work on this Redis: ${kind} on ${other.host} (process ${other.pid})`,
      {
        remedy:
          'Stop that Volt first, if this one is to take its place. Two that are to work side by side need a record each: `volt backup` and `volt restore` make one of its own.',
      },
    );
  }
}

/** @throws VoltError `record_mismatch` where stages still work for the former record */
async function emptyOf(access: RedisAccess, former: string): Promise<void> {
  const { client, keys } = access;
  for (const kind of stageKinds) {
    const [member] = (await listStages(access, kind)).alive;
    if (!member) continue;
    throw new VoltError(
      'record_mismatch',
      `this Redis still serves what the record was before it was restored: ${kind} on ${member.host} (process ${member.pid})`,
      { remedy: 'Stop that Volt first, or give this one a Redis or a VOLT_REDIS_PREFIX of its own.' },
    );
  }
  for await (const names of client.scanStream({ match: keys.all, count: 1000 })) {
    const others = (names as string[]).filter((name) => name !== keys.record);
    if (others.length > 0) await client.unlink(others);
  }
  // last, and only if nobody else was faster: until it is gone, whoever comes next begins here again
  if ((await client.get(keys.record)) === former) await client.del(keys.record);
}

/** The one member of `builds`. */
const highest = 'highest';

/** Notes that the queues of this Redis are about to hear of a build. */
export async function noteBuild({ client, keys }: RedisAccess, id: number): Promise<void> {
  await client.zadd(keys.builds, 'GT', id, highest);
}

/** The highest id of a build that the queues of this Redis have heard of; undefined where that is not known. */
export async function highestBuild({ client, keys }: RedisAccess): Promise<number | undefined> {
  const id = await client.zscore(keys.builds, highest);
  return id === null ? undefined : Number(id);
}

/** For how many milliseconds more this Redis is young at most; 0 when runners have told it all. */
export async function freshFor({ client, keys }: RedisAccess): Promise<number> {
  return Math.max(await client.pttl(keys.young), 0);
}

/**
 * Claims this Redis, as claimRedis does, and says whether it is young. It may have been emptied a moment ago, and nobody has
 * come across that yet; where nobody has emptied it, this is one command.
 * @returns undefined where it is not young any more
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
