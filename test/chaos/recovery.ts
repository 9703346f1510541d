import type { BuildSummary } from '../../src/kernel/model.ts';
import type { Evidence, Run } from './evidence.ts';
import type { Fault } from './fault.ts';
import { engineKinds, type FaultKind, needEngine } from './schedule.ts';

/** Times of recovery (ms) after the faults of one kind. */
export interface Recovery {
  kind: FaultKind;
  faults: number;
  /** for faults of a runner: jobs that had to run again while another runner was idle the whole time */
  times: number[];
  /** the same, but each other runner was busy or away at some time, so a slot had to become free first */
  busy: number[];
}

/**
 * The time from each fault until things went on. For a runner: from the fault to the next start of each job that had to
 * run again. For the others: from the fault, or from the restart if nobody was left to do the work, to the next sign of
 * that work. So it includes the interval between commits. A fault is counted but not timed if Redis was wiped, or a
 * stage had no process, during its recovery.
 * @param runners names of all runners
 */
export function recoveries(
  faults: readonly Fault[],
  builds: readonly BuildSummary[],
  evidence: Evidence,
  runners: readonly string[],
): Recovery[] {
  const all = [...evidence.all().values()].flat();
  const startedAt = (run: Run) => run.startedAt;
  const starts = all.map(startedAt).sort(ascending);
  const startsInContainers = all
    .filter(({ phase }) => phase !== '')
    .map(startedAt)
    .sort(ascending);
  const recorded = builds
    .flatMap(({ createdAt, finishedAt }) => [createdAt, ...(finishedAt ? [finishedAt] : [])])
    .map((time) => Date.parse(time))
    .sort(ascending);
  const signs: Partial<Record<FaultKind, number[]>> = {
    'dispatcher-kill': starts,
    'redis-kill': starts,
    'redis-wipe': starts,
    'all-kill': starts,
    'redis-failover': starts,
    'redis-full': starts,
    'power-cut': starts,
    'redis-misconf': starts,
    'engine-kill': startsInContainers,
    'engine-freeze': startsInContainers,
    'record-lock': recorded,
    'record-full': recorded,
    'observer-kill': builds.map((build) => Date.parse(build.createdAt)).sort(ascending),
    'reporter-kill': builds.flatMap(({ finishedAt }) => (finishedAt ? [Date.parse(finishedAt)] : [])).sort(ascending),
  };
  const result = new Map<FaultKind, Recovery>();
  for (const fault of faults) {
    const entry = result.get(fault.kind) ?? { kind: fault.kind, faults: 0, times: [], busy: [] };
    result.set(fault.kind, entry);
    entry.faults++;
    const sign = signs[fault.kind];
    const spans = sign ? stageSpan(fault, sign) : runnerSpans(fault, evidence);
    if (fault.worksAt !== undefined) spans.push([fault.back, fault.worksAt]);
    for (const [from, to] of spans.filter((span) => !muddied(faults, fault, span))) {
      const needsRunner = sign === undefined && fault.worksAt === undefined;
      const waited = needsRunner && !idleThere(runners, faults, all, [from, to]);
      (waited ? entry.busy : entry.times).push(to - from);
    }
  }
  return [...result.values()];
}

type Span = [from: number, to: number];

function stageSpan({ at, back, outage }: Fault, sign: number[]): Span[] {
  const from = outage ? back : at;
  const next = sign.find((time) => time > from);
  return next === undefined ? [] : [[from, next]];
}

function runnerSpans({ at, runs, commit }: Fault, evidence: Evidence): Span[] {
  if (commit !== undefined) {
    const next = evidence.runs(commit).find(({ startedAt }) => startedAt > at);
    return next ? [[at, next.startedAt]] : [];
  }
  return runs.flatMap((run): Span[] => {
    const next = evidence.runs(run.sha).find((other) => other.startedAt > run.startedAt);
    return next ? [[at, next.startedAt]] : [];
  });
}

/** Faults that keep jobs from starting; the others do not. */
const essential: readonly FaultKind[] = [
  'dispatcher-kill',
  'redis-kill',
  'redis-wipe',
  'all-kill',
  'redis-failover',
  'redis-full',
  'power-cut',
  'redis-misconf',
  'record-lock',
  'record-full',
];

/** A runner is also busy for about so long (ms) before and after a test. */
const aroundRun = 300;
/** A runner works again at the latest so long (ms) after its start, or after it learnt of its loss. */
const afterFault = 3000;

/** Whether some runner was alive and idle the whole time, except for the job that it then took. */
function idleThere(runners: readonly string[], faults: readonly Fault[], all: readonly Run[], span: Span): boolean {
  const [from, to] = span;
  return runners.some((name) => {
    const isHit = faults.some(({ targets, at, back }) => targets.includes(name) && at < to && back + afterFault > from);
    const isBusy = all.some((run) => run.runner === name && run.startedAt < to && run.lastBeat + aroundRun > from);
    return !isHit && !isBusy;
  });
}

function muddied(faults: readonly Fault[], fault: Fault, [from, to]: Span): boolean {
  return faults.some(
    (other) =>
      other !== fault &&
      other.outage &&
      (essential.includes(other.kind) || other.kind === fault.kind || needsEngineOf(fault, other)) &&
      other.at < to &&
      other.back + 2000 > from,
  );
}

/** Whether one is a fault of the engine that the jobs of the other one need. */
function needsEngineOf(fault: Fault, other: Fault): boolean {
  return needEngine.includes(fault.kind) && engineKinds.includes(other.kind);
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** The smallest value that is not smaller than the given part of all values (nearest rank). */
export function percentile(values: readonly number[], part: number): number | undefined {
  return [...values].sort(ascending)[Math.max(Math.ceil(part * values.length) - 1, 0)];
}
