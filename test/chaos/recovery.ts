import type { BuildSummary } from '../../src/kernel/model.ts';
import type { Evidence } from './evidence.ts';
import type { Fault } from './faults.ts';
import type { FaultKind } from './schedule.ts';

/** Times of recovery (ms) after the faults of one kind. */
export interface Recovery {
  kind: FaultKind;
  faults: number;
  /** for a runner's fault: jobs that had to run again */
  times: number[];
}

/**
 * How long it took after each fault until things went on. For a runner: from the fault to the next start of each job
 * that ran there and had to run again. For the others: from the fault, or from the return where nobody was left to do
 * the work, to the next sign of that work, so that the rate of commits is part of it. A fault during whose recovery
 * Redis was wiped, or nobody of some kind was there, is counted and not timed.
 */
export function recoveries(faults: readonly Fault[], builds: readonly BuildSummary[], evidence: Evidence): Recovery[] {
  const starts = [...evidence.all().values()].flatMap((runs) => runs.map((run) => run.startedAt)).sort(ascending);
  const signs: Partial<Record<FaultKind, number[]>> = {
    'dispatcher-kill': starts,
    'redis-kill': starts,
    'redis-wipe': starts,
    'all-kill': starts,
    'observer-kill': builds.map((build) => Date.parse(build.createdAt)).sort(ascending),
    'reporter-kill': builds.flatMap(({ finishedAt }) => (finishedAt ? [Date.parse(finishedAt)] : [])).sort(ascending),
  };
  const result = new Map<FaultKind, Recovery>();
  for (const fault of faults) {
    const entry = result.get(fault.kind) ?? { kind: fault.kind, faults: 0, times: [] };
    result.set(fault.kind, entry);
    entry.faults++;
    const sign = signs[fault.kind];
    const spans = sign ? stageSpan(fault, sign) : runnerSpans(fault, evidence);
    if (fault.worksAt !== undefined) spans.push([fault.back, fault.worksAt]);
    for (const [from, to] of spans) if (!muddied(faults, fault, from, to)) entry.times.push(to - from);
  }
  return [...result.values()];
}

type Span = [from: number, to: number];

function stageSpan({ at, back, outage }: Fault, sign: number[]): Span[] {
  const from = outage ? back : at;
  const next = sign.find((time) => time > from);
  return next === undefined ? [] : [[from, next]];
}

function runnerSpans({ at, runs }: Fault, evidence: Evidence): Span[] {
  return runs.flatMap((run): Span[] => {
    const next = evidence.runs(run.sha).find((other) => other.startedAt > run.startedAt);
    return next ? [[at, next.startedAt]] : [];
  });
}

/** Without these nothing can begin anew; what the others do is not in the way of it. */
const essential: readonly FaultKind[] = ['dispatcher-kill', 'redis-kill', 'redis-wipe', 'all-kill'];

function muddied(faults: readonly Fault[], fault: Fault, from: number, to: number): boolean {
  return faults.some(
    (other) =>
      other !== fault &&
      other.outage &&
      (essential.includes(other.kind) || other.kind === fault.kind) &&
      other.at < to &&
      other.back + 2000 > from,
  );
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** The smallest value that is at least as large as the given part of all (nearest rank). */
export function percentile(values: readonly number[], part: number): number | undefined {
  return [...values].sort(ascending)[Math.max(Math.ceil(part * values.length) - 1, 0)];
}
