import type { BuildId, JobId, Reason, Status } from '../kernel/model.ts';
import { isFinal } from '../kernel/model.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { verdictOf } from '../kernel/verdict.ts';
import {
  type AwaitedEvent,
  deepestRuns,
  type EventDetails,
  isAwaited,
  isByStranger,
  type RunPhase,
  runId,
  type WorkflowRun,
} from '../kernel/workflow-events.ts';
import type { Write } from './database.ts';
import { addRequest } from './event-requests.ts';

/**
 * The run of a workflow: its jobs in one build. It has a number of its own, and others may wait for its phases: the transaction
 * that moves a job asks for their builds.
 */

/** A run that begins. */
export interface NewRun {
  /** of the workflow's file */
  path: string;
  name: string;
  /** GitHub's name of the event that has started it */
  event: string;
  /** in the build, see `runId` */
  index: number;
}

interface StoredRun extends NewRun {
  number: number;
  attempt: number;
  /** the last one that was told; null for none */
  phase: RunPhase | null;
}

/** Gives runs their numbers. @returns them as JSON for `build_workflows.runs` */
export async function numberRuns(db: Write, repo: string, runs: readonly NewRun[]): Promise<string> {
  const numbered: StoredRun[] = [];
  for (const run of runs) {
    const { runs: number } = await db
      .insertInto('workflow_counts')
      .values({ repo, path: run.path, runs: 1 })
      .onConflict((conflict) =>
        conflict.columns(['repo', 'path']).doUpdateSet((eb) => ({ runs: eb('workflow_counts.runs', '+', 1) })),
      )
      .returning('runs')
      .executeTakeFirstOrThrow();
    numbered.push({ ...run, number, attempt: 1, phase: null });
  }
  return JSON.stringify(numbered);
}

/** Number and attempt of each run, by the file of its workflow. @param runs JSON, as stored */
export function runNumbers(runs: string): { [path: string]: { number: number; attempt: number } } {
  const stored = JSON.parse(runs) as StoredRun[];
  return Object.fromEntries(stored.map(({ path, number, attempt }) => [path, { number, attempt }]));
}

/** Jobs of a build run again because of a person: the runs that they belong to have a further attempt. */
export async function repeatRuns(db: Write, build: BuildId, jobs: readonly JobId[]): Promise<void> {
  const row = await runsRow(db, Number(build));
  if (!row) return;
  const repeated = new Set(
    (await jobsOf(db, Number(build))).flatMap(({ id, path }) => (jobs.includes(id) ? path : [])),
  );
  const runs = (JSON.parse(row.runs) as StoredRun[]).map((run) =>
    repeated.has(run.path) ? { ...run, attempt: run.attempt + 1, phase: 'requested' as const } : run,
  );
  await store(db, Number(build), runs);
}

/** Tells of the runs of a build that have moved on since, if a workflow of the default branch waits for that. */
export async function noteRuns(db: Write, build: number): Promise<void> {
  const row = await runsRow(db, build);
  const awaited = JSON.parse(row?.awaited ?? '[]') as AwaitedEvent[];
  if (!row || !awaited.some(({ event }) => event === 'workflow_run')) return;
  const details = row.event === null ? undefined : (JSON.parse(row.event) as EventDetails);
  const depth = (details?.run?.depth ?? 0) + 1;
  if (depth > deepestRuns) return;
  const pull = row.pull_details === null ? undefined : (JSON.parse(row.pull_details) as PullRequestDetails);
  const jobs = await jobsOf(db, build);
  const runs = JSON.parse(row.runs) as StoredRun[];
  let isChanged = false;
  for (const run of runs) {
    const { phase, conclusion } = stateOf(jobs.filter(({ path }) => path === run.path));
    if (phase === run.phase) continue;
    isChanged = true;
    run.phase = phase;
    if (!isAwaited(awaited, 'workflow_run', phase, run.name)) continue;
    const told: WorkflowRun = {
      ...{ id: runId(String(build), run.index), number: run.number, attempt: run.attempt },
      ...{ name: run.name, path: run.path, event: run.event, conclusion },
      ...{ ref: row.ref, sha: row.sha, branch: pull ? pull.headRef : branchOf(row.ref) },
      ...{ pullRequest: row.pull_request, subject: row.subject, author: row.author },
      committedAt: new Date(row.committed_at).toISOString(),
      ...{ depth, isByStranger: pull !== undefined || (details !== undefined && isByStranger(details)) },
    };
    const event = { name: 'workflow_run', action: phase, run: told };
    await addRequest(db, row.repo, { ref: null, event, isByStranger: told.isByStranger });
  }
  if (isChanged) await store(db, build, runs);
}

interface RunJob {
  id: JobId;
  path: string | null;
  name: string;
  status: Status;
  reason: Reason | null;
  message: string | null;
  continueOnError: boolean;
}

function stateOf(jobs: readonly RunJob[]): { phase: RunPhase; conclusion: string | null } {
  if (jobs.every(({ status }) => isFinal(status))) return { phase: 'completed', conclusion: conclusionOf(jobs) };
  const hasBegun = jobs.some(({ status }) => status === 'running' || isFinal(status));
  return { phase: hasBegun ? 'in_progress' : 'requested', conclusion: null };
}

/** In GitHub's words, which have none for a fault of the machine. */
function conclusionOf(jobs: readonly RunJob[]): string {
  const { status, reason } = verdictOf([...jobs]);
  if (status === 'error') return 'failure';
  return reason === 'timeout' ? 'timed_out' : status;
}

function branchOf(ref: string): string | null {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null;
}

async function jobsOf(db: Write, build: number): Promise<RunJob[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'node', 'name', 'status', 'reason', 'message', 'continue_on_error'])
    .where('build_id', '=', build)
    .execute();
  return rows.map(({ node, continue_on_error, ...job }) => ({
    ...job,
    path: node === null ? null : (JSON.parse(node) as { file: string }).file,
    continueOnError: continue_on_error === 1,
  }));
}

function runsRow(db: Write, build: number) {
  return db
    .selectFrom('build_workflows')
    .innerJoin('builds', 'builds.id', 'build_workflows.build_id')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select(['build_workflows.runs', 'builds.repo', 'builds.ref', 'builds.sha', 'builds.subject', 'builds.author'])
    .select(['builds.committed_at', 'builds.event', 'builds.pull_request', 'builds.pull_details'])
    .select('repositories.awaited')
    .where('build_workflows.build_id', '=', build)
    .executeTakeFirst();
}

async function store(db: Write, build: number, runs: readonly StoredRun[]): Promise<void> {
  await db
    .updateTable('build_workflows')
    .set({ runs: JSON.stringify(runs) })
    .where('build_id', '=', build)
    .execute();
}
