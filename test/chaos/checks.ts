import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Build, type BuildSummary, isFinal, type JobId } from '../../src/kernel/model.ts';
import { isEnginesFault, longestSurvival, survivors } from './container-checks.ts';
import type { Evidence, Run } from './evidence.ts';
import type { Fault } from './fault.ts';
import type { Fleet } from './fleet.ts';
import type { Pushed } from './workload.ts';

/** The checks; breaches are counted by these names. */
export const invariants = {
  lost: 'each commit has a build, and its verdict is success, poison where it took down every runner, or an error of the engine',
  doubled: 'each commit has one build only',
  overlap: 'no two attempts of a job are alive at the same time',
  disturbed: 'a job runs again only if its runner was hit',
  unfounded: 'the attempt that the verdict is from has come to its end',
  log: 'the archived log is all of that attempt, in order, and nothing else',
  times: 'the record has the times at which commit and attempt began and ended, by a clock that is right',
  files: 'test_results/ says what the record says',
  orphan: 'no process of a job is left',
  survivor: 'no container lives on without its runner',
  keeper: 'a runner gets another process that ends its containers, if that is killed',
  left: 'nothing that Volt has made in the container engine is left',
  died: 'no stage ends by itself',
  aside: 'no message was set aside',
  forge: 'the forge shows the verdict of each commit, a minute after it is well again',
} as const;
export type Invariant = keyof typeof invariants;

export interface Breach {
  invariant: Invariant;
  what: string;
}

export interface Findings {
  fleet: Fleet;
  evidence: Evidence;
  pushed: readonly Pushed[];
  faults: readonly Fault[];
  builds: readonly BuildSummary[];
}

/** Tolerance of recorded times, in milliseconds. */
const clockBound = 300_000;

/** Checks everything from outside: the evidence of the jobs on the disk, and the API. */
export async function check(findings: Findings): Promise<Breach[]> {
  const { fleet, evidence, pushed, faults, builds } = findings;
  const breaches: Breach[] = [];
  const breach = (invariant: Invariant, what: string) => breaches.push({ invariant, what });
  for (const commit of pushed) {
    const own = builds.filter((build) => build.sha === commit.sha);
    const [build] = own;
    if (!build || !isFinal(build.status)) breach('lost', `${name(commit)}: ${build ? build.status : 'no build'}`);
    if (own.length > 1) breach('doubled', `${name(commit)}: builds ${own.map(({ id }) => id).join(', ')}`);
    checkRuns(findings, commit, breach);
    if (build && isFinal(build.status)) await checkVerdict(findings, commit, await fleet.api.build(build.id), breach);
  }
  for (const { run, fault } of survivors(evidence, faults))
    breach('survivor', `${told(run)}; ${fault.kind} at ${clock(fault.at)}, bound ${longestSurvival} ms`);
  for (const { kind, at, worksAt } of faults)
    if (kind === 'keeper-kill' && worksAt === undefined) breach('keeper', `killed at ${clock(at)}`);
  for (const death of fleet.deaths) breach('died', `${death.name}: ${death.how} at ${clock(death.at)}`);
  for (const queue of (await fleet.api.status()).queues)
    if (queue.failed > 0) breach('aside', `${queue.failed} messages of "${queue.name}"`);
  return breaches;
}

type Report = (invariant: Invariant, what: string) => void;

function checkRuns({ evidence, faults }: Findings, commit: Pushed, breach: Report): void {
  const runs = evidence.runs(commit.sha);
  runs.slice(1).forEach((next, index) => {
    const former = runs[index] as Run;
    const both = `${name(commit)}: ${told(former)}; then ${told(next)}`;
    if (former.lastBeat >= next.startedAt) breach('overlap', both);
    const hit = faults.some(
      ({ targets, at, back }) =>
        targets.includes(former.runner) && at <= next.startedAt && back >= former.startedAt - 1000,
    );
    if (!hit) breach('disturbed', both);
  });
}

async function checkVerdict({ fleet, evidence, faults }: Findings, commit: Pushed, build: Build, breach: Report) {
  const what = `${name(commit)}, build ${build.id}`;
  if (build.status !== 'success' || commit.poison) {
    const attempts = build.jobs.flatMap((job) => job.attempts).map(({ number, message }) => `${number}: ${message}`);
    const isRight = commit.poison ? build.reason === 'poison' : isEnginesFault(commit, build, faults);
    if (!isRight) breach('lost', `${what}: ${build.status}, ${build.reason}; attempts ${attempts.join('; ')}`);
    return;
  }
  const job = build.jobs[0]?.id as JobId;
  checkTimes(what, commit, build, evidence, breach);
  const log = await fleet.api.log(job);
  // a job in a container has more steps than the one that prints
  const isPrinted = (line: string) => (commit.inContainer ? /^[\da-f-]{36} \d+$/ : /^(?!\[volt\] )./).test(line);
  const printed = log.split('\n').filter(isPrinted);
  const id = printed[0]?.split(' ')[0];
  const run = evidence.runs(commit.sha).find((each) => each.id === id);
  if (run?.lines === undefined) breach('unfounded', `${what}: the log is of ${run ? told(run) : `no run, ${id}`}`);
  else checkLog(what, printed, run.id, run.lines, breach);
  const file = join(fleet.dataDir, 'test_results', commit.repo, commit.sha);
  const verdict = readVerdict(`${file}.json`);
  if (verdict?.id !== build.id || verdict.status !== build.status) breach('files', `${what}: ${file}.json differs`);
  else if (!existsSync(`${file}.log`) || readFileSync(`${file}.log`, 'utf8') !== log)
    breach('files', `${what}: ${file}.log is not the log`);
}

/**
 * All recorded times of a commit lie between its push and the end of its last run. The tolerance is smaller than any
 * fault of a clock.
 */
function checkTimes(what: string, { at, sha }: Pushed, build: Build, evidence: Evidence, breach: Report): void {
  const until = evidence.runs(sha).at(-1)?.lastBeat ?? at;
  const parts = [build, ...build.jobs, ...build.jobs.flatMap((job) => [...job.attempts, ...job.steps])];
  const recorded = [build.createdAt, ...parts.flatMap(({ startedAt, finishedAt }) => [startedAt, finishedAt])];
  const wrong = recorded.filter((time) => {
    const outside = time === null ? 0 : Math.max(at - Date.parse(time), Date.parse(time) - until);
    return outside > clockBound;
  });
  if (wrong.length > 0) breach('times', `${what}, from ${clock(at)} to ${clock(until)}: ${wrong.join(', ')}`);
}

function readVerdict(file: string): { id: string; status: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // missing or incomplete
    return undefined;
  }
}

function checkLog(what: string, printed: string[], id: string, lines: number, breach: Report): void {
  const wrong = printed.findIndex((line, index) => line !== `${id} ${index + 1}`);
  if (wrong >= 0) breach('log', `${what}: line ${wrong + 1} is "${printed[wrong]}", expected "${id} ${wrong + 1}"`);
  else if (printed.length !== lines) breach('log', `${what}: ${printed.length} lines of ${lines}`);
}

function name({ repo, sha }: Pushed): string {
  return `${repo} ${sha.slice(0, 12)}`;
}

function told({ id, runner, startedAt, lastBeat, lines }: Run): string {
  const end = lines === undefined ? 'last alive' : 'ended';
  return `${id.slice(0, 8)} on ${runner} from ${clock(startedAt)}, ${end} ${clock(lastBeat)}`;
}

/** Time of day in UTC, as in the logs of the stages. */
export function clock(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 23) : 'never';
}
