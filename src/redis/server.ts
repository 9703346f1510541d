import type { Redis } from 'ioredis';

/** What a Redis server says of itself; what a server does not tell, as hosted ones may, is undefined. */
export interface ServerFacts {
  version: string;
  /** it is one of the servers of a Redis Cluster */
  cluster: boolean;
  /** it still reads its data from the disk */
  loading: boolean;
  /** how far it has come with that, as the server sees it */
  progress: { percent: number; secondsLeft: number } | undefined;
  /** keeps an append-only file */
  appendOnly: boolean | undefined;
  /** the append-only file could be written */
  appends: boolean;
  /** what it does when its memory is full, for example `noeviction` */
  eviction: string | undefined;
  /** bytes that it uses, and may use; 0 for as many as there are */
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

/** Something about a server that is not as it should be. */
export interface Unfitness {
  /** Volt cannot work with it; else it can, at a risk */
  fatal: boolean;
  code: 'too_old' | 'cluster' | 'evicts' | 'no_append_only_file' | 'append_failed' | 'memory_nearly_full';
  /** as a sentence about the server, without a subject: `is version 5.0.7` */
  message: string;
  remedy: string;
}

/** What keeps a server from carrying Volt's messages well, the worst first. */
export function unfitness(facts: ServerFacts): Unfitness[] {
  const { version, eviction, appendOnly, appends, memory } = facts;
  const found: Unfitness[] = [];
  if (isOld(version)) {
    const remedy = `Volt needs Redis ${oldestRedis} or newer, or any Valkey.`;
    found.push({ fatal: true, code: 'too_old', message: `is version ${version || 'unknown'}`, remedy });
  }
  if (facts.cluster) {
    const remedy =
      'Use one Redis, or a master that Sentinel watches. What Volt keeps belongs together, and would lie on one server of the Cluster.';
    found.push({ fatal: true, code: 'cluster', message: 'is a Redis Cluster', remedy });
  }
  if (eviction !== undefined && eviction !== 'noeviction') {
    const remedy = 'Set "maxmemory-policy noeviction": an evicted key would be a lost job.';
    found.push({ fatal: true, code: 'evicts', message: `may evict keys (${eviction})`, remedy });
  }
  if (appendOnly === false) {
    found.push({
      fatal: false,
      code: 'no_append_only_file',
      message:
        'keeps no append-only file: after a crash of the server, queued work is sent again from the record, and output on its way from the runners',
      remedy: 'Set "appendonly yes".',
    });
  }
  if (appendOnly === true && !appends) {
    const remedy = 'See the log of the server; its disk may be full.';
    found.push({ fatal: false, code: 'append_failed', message: 'cannot write its append-only file', remedy });
  }
  if (memory.limit > 0 && memory.used > 0.9 * memory.limit) {
    found.push({
      fatal: false,
      code: 'memory_nearly_full',
      message: `uses ${Math.round((100 * memory.used) / memory.limit)} % of the memory that it may; when it is full no work is taken any more`,
      remedy: 'Raise "maxmemory", and see which queue has grown: volt status.',
    });
  }
  return found;
}

/** Whether a user of the server can be given keys to read and not to write. */
export function knowsReadOnlyKeys({ version }: Pick<ServerFacts, 'version'>): boolean {
  return !isBefore(version, '7.0');
}

function isOld(version: string): boolean {
  return isBefore(version, oldestRedis);
}

function isBefore(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
