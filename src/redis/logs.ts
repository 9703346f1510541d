import type { Redis } from 'ioredis';
import { type AttemptRef, attemptName, parseAttemptName } from '../kernel/model.ts';
import type { RedisAccess } from './connect.ts';

const group = 'reporters';

/** A piece of one attempt's log: its bytes and where they begin. */
export interface LogChunk extends AttemptRef {
  /** who sent it and waits for the acknowledgement */
  runner: string;
  /** position of the first byte in the log */
  offset: number;
  data: Buffer;
}

export interface ReceivedChunk extends LogChunk {
  entry: string;
}

/** @returns the entry of the stream that carries it */
export async function sendChunk(access: RedisAccess, chunk: LogChunk): Promise<string> {
  const entry = await access.client.xadd(
    access.keys.logs,
    '*',
    'attempt',
    attemptName(chunk),
    'runner',
    chunk.runner,
    'offset',
    String(chunk.offset),
    'data',
    chunk.data,
  );
  return String(entry);
}

/** Whether the entry still waits for a reporter, or for the end of one that has taken it. */
export async function holdsChunk(access: RedisAccess, entry: string): Promise<boolean> {
  return (await access.client.xrange(access.keys.logs, entry, entry)).length > 0;
}

/**
 * Chunks that no other reporter has taken, waiting up to `block` milliseconds for the first.
 * @param blocking a connection of the caller's own
 * @param consumer name of this reporter in the group
 */
export async function receiveChunks(
  access: RedisAccess,
  blocking: Redis,
  consumer: string,
  block: number,
): Promise<ReceivedChunk[]> {
  const read = () =>
    blocking.xreadgroupBuffer('GROUP', group, consumer, 'COUNT', 16, 'BLOCK', block, 'STREAMS', access.keys.logs, '>');
  let reply: unknown;
  try {
    reply = await read();
  } catch (error) {
    // the stream is new, or Redis was emptied under us
    if (!String(error).includes('NOGROUP')) throw error;
    await createGroup(access);
    reply = await read();
  }
  return entriesOf(reply).flatMap(parseEntry);
}

/** Chunks that a reporter took and has not archived within `idle` milliseconds: it has died. */
export async function claimChunks(access: RedisAccess, consumer: string, idle: number): Promise<ReceivedChunk[]> {
  try {
    const reply = (await access.client.callBuffer(
      'XAUTOCLAIM',
      access.keys.logs,
      group,
      consumer,
      String(idle),
      '0',
      'COUNT',
      '64',
    )) as unknown[];
    return (reply[1] as RawEntry[]).flatMap(parseEntry);
  } catch (error) {
    if (!String(error).includes('NOGROUP')) throw error;
    return [];
  }
}

/** Takes chunks out of the stream for good. */
export async function dropChunks(access: RedisAccess, entries: string[]): Promise<void> {
  if (entries.length === 0) return;
  await access.client
    .multi()
    .xack(access.keys.logs, group, ...entries)
    .xdel(access.keys.logs, ...entries)
    .exec();
}

async function createGroup(access: RedisAccess): Promise<void> {
  await access.client.xgroup('CREATE', access.keys.logs, group, '0', 'MKSTREAM').catch((error) => {
    if (!String(error).includes('BUSYGROUP')) throw error;
  });
}

type RawEntry = [Buffer, Buffer[]] | null;

function entriesOf(reply: unknown): RawEntry[] {
  return ((reply as [Buffer, RawEntry[]][] | null) ?? []).flatMap(([, entries]) => entries);
}

function parseEntry(raw: RawEntry): ReceivedChunk[] {
  if (!raw?.[1]) return [];
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < raw[1].length; i += 2) fields.set(String(raw[1][i]), raw[1][i + 1] as Buffer);
  const attempt = parseAttemptName(String(fields.get('attempt')));
  const offset = Number(fields.get('offset')?.toString());
  const data = fields.get('data');
  if (!attempt || !data || !Number.isSafeInteger(offset) || offset < 0) return [];
  return [{ ...attempt, runner: String(fields.get('runner')), offset, data, entry: raw[0].toString() }];
}
