import { VoltError } from '../kernel/errors.ts';
import type { RedisAccess } from './connect.ts';

/**
 * Makes sure that this Redis serves the given record; an empty Redis is taken for it.
 * @param recordId id of the record that the calling stage has open
 * @returns whether the Redis was new to the record: empty, or emptied since
 * @throws VoltError `record_mismatch` when it serves another one
 */
export async function claimRedis(access: RedisAccess, recordId: string): Promise<boolean> {
  const taken = await access.client.set(access.keys.record, recordId, 'NX');
  if (taken === 'OK') return true;
  const holder = await access.client.get(access.keys.record);
  if (holder === recordId) return false;
  throw new VoltError('record_mismatch', 'this Redis belongs to a Volt with another record (database)', {
    remedy:
      'Give every stage but runners the same VOLT_DATA_DIR or VOLT_DATABASE_URL, or this Volt a VOLT_REDIS_PREFIX of its own.',
  });
}
