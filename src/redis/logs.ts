import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type AttemptRef, attemptName, parseAttemptName, type RunnerId } from '../kernel/model.ts';
import type { Growth, RunnerNotice } from './channels.ts';
import type { RedisAccess } from './connect.ts';

const group = 'reporters';

/** The most bytes that a chunk carries. */
export const largestChunk = 256 * 1024;
/** The most bytes of a spool that a chunk names without carrying them. */
export const longestReference = 4 * 1024 * 1024;

/** A chunk of one attempt's log. */
export interface LogChunk extends AttemptRef {
  /** id of the sender, which waits for the acknowledgement */
  runner: string;
  /** position of the first byte in the log */
  offset: number;
  /** bytes */
  length: number;
  /** absent where the archive shares the spool's file */
  data?: Buffer;
  /** identity of the spool's file, by which a reporter recognises it on its own disk */
  spool?: string;
  /** by the runner, see chunkStatement */
  signature?: string;
  /** the runner's signed claim that it has started the attempt, as JSON; sent until a reporter answers */
  claim?: string;
}

/** The text of a chunk that the runner signs: all fields, with the hash of the data. */
export function chunkStatement({ runner, offset, length, data, spool, ...ref }: LogChunk): string {
  const digest = data && createHash('sha256').update(data).digest('base64url');
  return JSON.stringify([attemptName(ref), runner, offset, length, digest ?? null, spool ?? null]);
}

export interface ReceivedChunk extends LogChunk {
  entry: string;
  /** when it reached Redis, in milliseconds since 1970 by the clock of Redis */
  sentAt: number;
}

/** Entries of the stream: chunks, and entries that are not chunks. */
export interface Chunks {
  chunks: ReceivedChunk[];
  strange: { id: string; fields: string[] }[];
}

const optionalFields = ['spool', 'signature', 'claim'] as const;

/** @returns the id of its entry in the stream */
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
    ...(chunk.data ? ['data', chunk.data] : ['length', String(chunk.length)]),
    ...optionalFields.flatMap((name) => (chunk[name] === undefined ? [] : [name, chunk[name]])),
  );
  return String(entry);
}

/** Whether the entry is still in the stream: no reporter has archived it yet. */
export async function holdsChunk(access: RedisAccess, entry: string): Promise<boolean> {
  return (await access.client.xrange(access.keys.logs, entry, entry)).length > 0;
}

/**
 * Takes chunks that no other reporter has, waiting up to `block` milliseconds for the first.
 * @param blocking a connection of the caller's own
 * @param consumer name of this reporter in the group
 */
export async function receiveChunks(
  access: RedisAccess,
  blocking: Redis,
  consumer: string,
  block: number,
): Promise<Chunks> {
  const read = () =>
    blocking.xreadgroupBuffer('GROUP', group, consumer, 'COUNT', 16, 'BLOCK', block, 'STREAMS', access.keys.logs, '>');
  let reply: unknown;
  try {
    reply = await read();
  } catch (error) {
    // the stream is new, or Redis was emptied
    if (!String(error).includes('NOGROUP')) throw error;
    await createGroup(access);
    reply = await read();
  }
  return sorted(entriesOf(reply));
}

/**
 * Takes over a page of chunks that another reporter took and has not archived within `idle` milliseconds.
 * @param from `next` of the page before; starts with the oldest
 * @returns `next`: undefined after the last page
 */
export async function claimChunks(
  access: RedisAccess,
  consumer: string,
  idle: number,
  from = '0-0',
): Promise<{ chunks: Chunks; next: string | undefined }> {
  try {
    const reply = (await access.client.callBuffer(
      'XAUTOCLAIM',
      access.keys.logs,
      group,
      consumer,
      String(idle),
      from,
      'COUNT',
      '64',
    )) as [Buffer, RawEntry[]];
    const next = reply[0].toString();
    return { chunks: sorted(reply[1]), next: next === '0-0' ? undefined : next };
  } catch (error) {
    if (!String(error).includes('NOGROUP')) throw error;
    return { chunks: sorted([]), next: undefined };
  }
}

/** Removes a stopping reporter from the group, unless it still has chunks, which others take over first. */
export async function leaveGroup(access: RedisAccess, consumer: string): Promise<void> {
  await access.client.eval(removeConsumers, 1, access.keys.logs, group, '0', consumer);
}

/**
 * Removes reporters from the group that have no chunks and got none within `silence` milliseconds. A live one is added again with
 * its next chunk.
 */
export async function forgetConsumers(access: RedisAccess, silence: number): Promise<void> {
  await access.client.eval(removeConsumers, 1, access.keys.logs, group, String(silence), '');
}

/** In one step: the chunks of a removed consumer would be lost. */
const removeConsumers = `
local ok = redis.pcall('xinfo', 'consumers', KEYS[1], ARGV[1])
if ok.err then return 0 end
for _, consumer in ipairs(ok) do
  local is = {}
  for i = 1, #consumer, 2 do is[consumer[i]] = consumer[i + 1] end
  local wanted = ARGV[3] == '' or ARGV[3] == is.name
  if wanted and is.pending == 0 and is.idle >= tonumber(ARGV[2]) then
    redis.call('xgroup', 'DELCONSUMER', KEYS[1], ARGV[1], is.name)
  end
end
return 0`;

/** Removes chunks from the stream. */
export async function dropChunks(access: RedisAccess, entries: string[]): Promise<void> {
  if (entries.length === 0) return;
  await access.client
    .multi()
    .xack(access.keys.logs, group, ...entries)
    .xdel(access.keys.logs, ...entries)
    .exec();
}

/**
 * As `dropChunks`, for archived chunks of one log; also notifies the runner and the followers of the log.
 */
export async function settleChunks(
  { client, keys }: RedisAccess,
  entries: string[],
  runner: RunnerId,
  archived: Extract<RunnerNotice, { kind: 'archived' }>,
): Promise<void> {
  const { job, attempt, bytes } = archived;
  const growth: Growth = { job, attempt, bytes };
  const notices = [keys.toRunner(runner), JSON.stringify(archived), keys.growth, JSON.stringify(growth)];
  await client.eval(settle, 1, keys.logs, group, ...notices, ...entries);
}

const settle = `
redis.call('xack', KEYS[1], ARGV[1], unpack(ARGV, 6))
redis.call('xdel', KEYS[1], unpack(ARGV, 6))
redis.call('publish', ARGV[2], ARGV[3])
redis.call('publish', ARGV[4], ARGV[5])`;

async function createGroup(access: RedisAccess): Promise<void> {
  await access.client.xgroup('CREATE', access.keys.logs, group, '0', 'MKSTREAM').catch((error) => {
    if (!String(error).includes('BUSYGROUP')) throw error;
  });
}

type RawEntry = [Buffer, Buffer[]] | null;

function entriesOf(reply: unknown): RawEntry[] {
  return ((reply as [Buffer, RawEntry[]][] | null) ?? []).flatMap(([, entries]) => entries);
}

function sorted(entries: RawEntry[]): Chunks {
  const result: Chunks = { chunks: [], strange: [] };
  for (const raw of entries) {
    // deleted while it was pending
    if (!raw?.[1]) continue;
    const chunk = parseEntry(raw[0].toString(), raw[1]);
    if (chunk) result.chunks.push(chunk);
    else result.strange.push({ id: raw[0].toString(), fields: raw[1].map((field) => field.toString()) });
  }
  return result;
}

function parseEntry(entry: string, raw: Buffer[]): ReceivedChunk | undefined {
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < raw.length; i += 2) fields.set(String(raw[i]), raw[i + 1] as Buffer);
  const attempt = parseAttemptName(String(fields.get('attempt')));
  const offset = Number(fields.get('offset')?.toString());
  const data = fields.get('data');
  const length = data ? data.length : Number(fields.get('length')?.toString());
  if (!attempt || !Number.isSafeInteger(offset) || offset < 0) return undefined;
  if (!data && !(Number.isSafeInteger(length) && length > 0 && length <= longestReference)) return undefined;
  // ids of entries start with the time, https://redis.io/docs/latest/develop/data-types/streams/#entry-ids
  const sentAt = Number(entry.split('-')[0]);
  const optional = optionalFields.flatMap((name) => (fields.has(name) ? [[name, String(fields.get(name))]] : []));
  return {
    ...attempt,
    runner: String(fields.get('runner')),
    ...{ offset, length, entry, sentAt },
    ...(data && { data }),
    ...Object.fromEntries(optional),
  };
}
