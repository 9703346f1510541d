import type { Redis } from 'ioredis';

/** What INFO of a Redis server tells; undefined where a server hides it, as hosted ones may. */
export interface ServerFacts {
  version: string;
  /** it belongs to a Redis Cluster */
  cluster: boolean;
  /** it is loading its data from the disk */
  loading: boolean;
  /** progress of the loading */
  progress: { percent: number; secondsLeft: number } | undefined;
  /** keeps an append-only file */
  appendOnly: boolean | undefined;
  /** its last write of the append-only file succeeded */
  appends: boolean;
  /** its policy when its memory is full, for example `noeviction` */
  eviction: string | undefined;
  /** bytes that it uses and may use; limit 0 for no limit */
  memory: { used: number; limit: number };
}

/** Oldest server with every command that Volt and BullMQ use (XAUTOCLAIM came with 6.2). */
const oldestRedis = '6.2';

/** @throws what ioredis throws where the server cannot be asked */
export async function serverFacts(redis: Redis): Promise<ServerFacts> {
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const appendOnly = field('aof_enabled');
  return {
    version: field('redis_version') ?? '',
    cluster: field('redis_mode') === 'cluster' || field('cluster_enabled') === '1',
    loading: field('loading') === '1',
    progress:
      field('loading') === '1'
        ? { percent: Number(field('loading_loaded_perc')), secondsLeft: Number(field('loading_eta_seconds')) }
        : undefined,
    appendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
    appends: field('aof_last_write_status') !== 'err',
    eviction: field('maxmemory_policy') || undefined,
    memory: { used: Number(field('used_memory') ?? 0), limit: Number(field('maxmemory') ?? 0) },
  };
}

/** A problem of a server. */
export interface Unfitness {
  /** whether Volt cannot work with the server; otherwise it works at a risk */
  fatal: boolean;
  code: 'too_old' | 'cluster' | 'evicts' | 'no_append_only_file' | 'append_failed' | 'memory_nearly_full';
  /** a sentence without its subject, the server: `is version 5.0.7` */
  message: string;
  remedy: string;
}

/** Problems of a server for Volt, the worst first. */
export function unfitness(facts: ServerFacts): Unfitness[] {
  const { version, eviction, appendOnly, appends, memory } = facts;
  const found: Unfitness[] = [];
  const note = (fatal: boolean, code: Unfitness['code'], message: string, remedy: string) =>
    found.push({ fatal, code, message, remedy });
  if (isBefore(version, oldestRedis)) {
    const remedy = `Volt needs Redis ${oldestRedis} or newer, or any Valkey.`;
    note(true, 'too_old', `is version ${version || 'unknown'}`, remedy);
  }
  if (facts.cluster) {
    const remedy =
      'Use a single Redis, or a master with Sentinel. All keys of Volt belong together and would be on one server of the Cluster.';
    note(true, 'cluster', 'is a Redis Cluster', remedy);
  }
  if (eviction !== undefined && eviction !== 'noeviction') {
    const remedy = 'Set "maxmemory-policy noeviction": an evicted key is a lost job.';
    note(true, 'evicts', `may evict keys (${eviction})`, remedy);
  }
  if (appendOnly === false) {
    const message =
      'keeps no append-only file: after a crash of the server, Volt sends queued jobs again, and runners send their output again';
    note(false, 'no_append_only_file', message, 'Set "appendonly yes".');
  }
  if (appendOnly === true && !appends) {
    const remedy = 'Check the log of the server; its disk may be full.';
    note(false, 'append_failed', 'cannot write its append-only file', remedy);
  }
  if (memory.limit > 0 && memory.used > 0.9 * memory.limit) {
    const share = Math.round((100 * memory.used) / memory.limit);
    const message = `uses ${share} % of its memory limit; when the memory is full, Volt cannot start jobs`;
    const remedy = 'Raise "maxmemory", and check with `volt status` which queue has grown.';
    note(false, 'memory_nearly_full', message, remedy);
  }
  return found;
}

/** Whether the server supports read-only keys of a user. */
export function knowsReadOnlyKeys({ version }: Pick<ServerFacts, 'version'>): boolean {
  return !isBefore(version, '7.0');
}

function isBefore(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
