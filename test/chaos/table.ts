import type { ChaosResult } from './chaos.ts';
import { type Invariant, invariants } from './checks.ts';
import { percentile } from './recovery.ts';
import { needEngine } from './schedule.ts';

/** What kinds need that some machines do not have. */
const needs = 'needs root, network namespaces, and to mount disks';
const needsOfEngine = 'needs root, and podman with runc, nftables, aardvark-dns and busybox';

/** The result for people. */
export function table(result: ChaosResult): string {
  const rows = [['fault', 'times', 'timed', 'p50', 'p99', 'max']];
  for (const { kind, faults, times, busy } of [...result.recoveries].sort((a, b) => (a.kind < b.kind ? -1 : 1))) {
    const figures = (of: number[]) => [0.5, 0.99, 1].map((part) => seconds(percentile(of, part)));
    rows.push([kind, String(faults), String(times.length), ...figures(times)]);
    if (busy.length > 0) rows.push(['  no runner idle', '', String(busy.length), ...figures(busy)]);
  }
  const counts = (Object.keys(invariants) as Invariant[]).map(
    (name) => `${result.breaches.filter(({ invariant }) => invariant === name).length} ${name}`,
  );
  return [
    ...aligned(rows),
    '',
    `${result.commits} commits, ${result.runs} runs, ${result.faults.length} faults: ${counts.join(', ')}`,
    ...result.left.map((kind) => `${kind}: cannot be made here (${needEngine.includes(kind) ? needsOfEngine : needs})`),
    ...result.breaches.map(({ invariant, what }) => `BREACH ${invariant} (${invariants[invariant]}): ${what}`),
  ].join('\n');
}

/** The result for programs; times in ms. */
export function asJson(result: ChaosResult, given: object): string {
  const of = (times: number[]) => ({
    timed: times.length,
    p50: percentile(times, 0.5) ?? null,
    p99: percentile(times, 0.99) ?? null,
    max: percentile(times, 1) ?? null,
  });
  const figures = result.recoveries.map(({ kind, faults, times, busy }) => ({
    ...{ kind, faults, ...of(times) },
    noRunnerIdle: of(busy),
  }));
  const { commits, runs, left, breaches } = result;
  return JSON.stringify({ ...given, commits, runs, left, recoveries: figures, breaches }, null, 2);
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${(ms / 1000).toFixed(2)} s`;
}

function aligned(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}
