import { VoltError } from '../kernel/errors.ts';
import type { RedisAccess } from './connect.ts';
import { heartbeatInterval } from './membership.ts';

/** A Redis is young for this long (ms): every runner's next heartbeat is in it then. */
const youth = 1.5 * heartbeatInterval;

/**
 * Makes sure that this Redis serves the given record; an empty Redis is taken for it.
 * @param recordId id of the record that the calling stage has open
 * @returns whether the Redis was new to the record: empty, or emptied since
 * @throws VoltError `record_mismatch` when it serves another one
 */
export async function claimRedis(access: RedisAccess, recordId: string): Promise<boolean> {
  const { client, keys } = access;
  if ((await client.exists(keys.record)) === 0) {
    // before the claim: whoever finds that the record is known here must find this, too
    await client.set(keys.young, recordId, 'PX', youth);
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

/** For how many milliseconds more this Redis is young; 0 when runners have told it all. */
export async function youngFor({ client, keys }: RedisAccess): Promise<number> {
  return Math.max(await client.pttl(keys.young), 0);
}
