import type { Registry } from 'prom-client';
import type { Database } from '../../record/database.ts';
import { type Reader, readableOf } from '../../record/visibility.ts';
import { type CounterName, counters, type HistogramName, histograms, type Tally } from '../../redis/tallies.ts';

type Value = { value: number; labels: { [name: string]: string | number }; metricName?: string };

/**
 * Adds the counters of all stages from Redis. prom-client counts in its own process only, so these are metrics with ready
 * values.
 */
export function addTallies(registry: Registry, tallies: readonly Tally[]): void {
  for (const [name, { help, labels }] of Object.entries(counters)) {
    const values = of(tallies, name as CounterName, labels).map(({ named, parts }): Value => {
      return { labels: named, value: parts.get('count') ?? 0 };
    });
    add(registry, `volt_${name}_total`, help, 'counter', values);
  }
  for (const [name, { help, labels, buckets }] of Object.entries(histograms)) {
    const metric = `volt_${name}_seconds`;
    const values = of(tallies, name as HistogramName, labels).flatMap(({ named, parts }): Value[] => {
      let total = 0;
      const counts = [...buckets, '+Inf'].map((le, index): Value => {
        total += parts.get(String(index)) ?? 0;
        return { labels: { ...named, le }, value: total, metricName: `${metric}_bucket` };
      });
      return [
        ...counts,
        { labels: named, value: parts.get('sum') ?? 0, metricName: `${metric}_sum` },
        { labels: named, value: total, metricName: `${metric}_count` },
      ];
    });
    add(registry, metric, help, 'histogram', values);
  }
}

/** The counters without those of repositories that the reader may not read. */
export async function readableTallies(database: Database, reader: Reader, tallies: readonly Tally[]): Promise<Tally[]> {
  const all: { [name: string]: { labels: readonly string[] } } = { ...counters, ...histograms };
  const repoOf = ({ name, labels }: Tally) => labels[all[name]?.labels.indexOf('repo') ?? -1];
  const repos = await readableOf(database, reader, [...new Set(tallies.flatMap((tally) => repoOf(tally) ?? []))]);
  return tallies.filter((tally) => {
    const repo = repoOf(tally);
    return repo === undefined || repos.has(repo);
  });
}

function of(tallies: readonly Tally[], name: string, labels: readonly string[]) {
  return tallies
    .filter((tally) => tally.name === name && tally.labels.length === labels.length)
    .map(({ labels: values, parts }) => ({
      named: Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])),
      parts,
    }));
}

function add(registry: Registry, name: string, help: string, type: 'counter' | 'histogram', values: Value[]): void {
  const metric = { name, help, type, aggregator: 'sum', values };
  registry.registerMetric({ ...metric, get: async () => metric } as unknown as Parameters<
    Registry['registerMetric']
  >[0]);
}
