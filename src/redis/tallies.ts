import type { RedisAccess } from './connect.ts';

/**
 * Counts of all stages for Prometheus: one hash in Redis, whose fields only grow. So they outlive a stage and are the same for
 * each web stage; they start at zero with a new Redis, as Prometheus expects of counters. Nothing is decided by them.
 *
 * A field is `<name>|<label>|…|<part>`; the part of a histogram is a bucket's number, `sum` or `count`.
 */
export const histograms = {
  /** from the creation of an attempt to its start by a runner */
  queue_wait: {
    help: 'Seconds that attempts waited in their queue until a runner began them',
    labels: ['repo', 'labels'],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200],
  },
  run_time: {
    help: 'Seconds that attempts ran',
    labels: ['repo', 'labels'],
    buckets: [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600],
  },
  recovery: {
    help: 'Seconds from the last sign of life of a runner, or the hand-back, until another had begun the job',
    labels: [],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
  },
} as const;
export type HistogramName = keyof typeof histograms;

export const counters = {
  builds: { help: 'Builds that became final; one that is retried becomes so once more', labels: ['repo', 'status'] },
  attempts_repeated: { help: 'Attempts after which the job was tried again, by reason', labels: ['reason'] },
  attempts_lost: { help: 'Attempts that were lost, by reason', labels: ['reason'] },
} as const;
export type CounterName = keyof typeof counters;

/** Combinations of labels that a process counts separately; further ones count as `other`. */
const mostSeries = 500;
const known = new WeakMap<RedisAccess, Set<string>>();

/** Milliseconds for which counts are gathered, so that many are sent in one command. */
const gathering = 200;

/** Counts that are not sent yet, by field. */
const unflushed = new WeakMap<RedisAccess, Map<string, number>>();

/** Adds one to a counter. Never waits and never fails: a lost count does no harm. */
export function count(access: RedisAccess, name: CounterName, labels: readonly string[]): void {
  add(access, `${series(access, name, labels)}|count`, 1);
}

/** Adds a time to a histogram; a negative one, from the clocks of two machines, counts as zero. */
export function observe(access: RedisAccess, name: HistogramName, labels: readonly string[], seconds: number): void {
  const value = Math.max(0, seconds);
  const { buckets } = histograms[name];
  const at = buckets.findIndex((bound) => value <= bound);
  const field = series(access, name, labels);
  add(access, `${field}|${at < 0 ? buckets.length : at}`, 1);
  add(access, `${field}|sum`, value);
}

function add(access: RedisAccess, field: string, amount: number): void {
  const counts = unflushed.get(access) ?? new Map<string, number>();
  if (counts.size === 0) setTimeout(() => flushCounts(access), gathering).unref();
  unflushed.set(access, counts.set(field, (counts.get(field) ?? 0) + amount));
}

/** Sends the counts at once, as before the connection is closed. */
export function flushCounts(access: RedisAccess): void {
  const counts = [...(unflushed.get(access) ?? [])];
  unflushed.delete(access);
  if (counts.length === 0) return;
  const { client, keys } = access;
  client.eval(addAll, 1, keys.tallies, ...counts.flat()).catch(() => undefined);
}

const addAll = `for i = 1, #ARGV, 2 do redis.call('hincrbyfloat', KEYS[1], ARGV[i], ARGV[i + 1]) end`;

function series(access: RedisAccess, name: string, labels: readonly string[]): string {
  const field = [name, ...labels].join('|');
  const seen = known.get(access) ?? new Set();
  known.set(access, seen);
  if (!seen.has(field) && seen.size >= mostSeries) return [name, ...labels.map(() => 'other')].join('|');
  seen.add(field);
  return field;
}

export interface Tally {
  name: string;
  labels: string[];
  /** by part: a bucket's number, `sum` or `count` */
  parts: Map<string, number>;
}

/** All counts; those of other processes as far as they have sent them. */
export async function readTallies(access: RedisAccess): Promise<Tally[]> {
  flushCounts(access);
  const { client, keys } = access;
  const tallies = new Map<string, Tally>();
  for (const [field, value] of Object.entries(await client.hgetall(keys.tallies))) {
    const at = field.lastIndexOf('|');
    const [name = '', ...labels] = field.slice(0, at).split('|');
    const key = field.slice(0, at);
    const tally = tallies.get(key) ?? { name, labels, parts: new Map() };
    tally.parts.set(field.slice(at + 1), Number(value));
    tallies.set(key, tally);
  }
  return [...tallies.values()];
}
