import type { ExpressionBuilder } from 'kysely';
import type { BuildId, JobId, Reason, Status } from '../kernel/model.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { EventDetails } from '../kernel/workflow-events.ts';
import { insertAttempt } from './attempt-columns.ts';
import { isBehind } from './behind.ts';
import type { Database, Write } from './database.ts';
import { startTags } from './fairness.ts';
import { insertJobs, type NewJob } from './new-jobs.ts';
import { updatePartStatuses } from './part-statuses.ts';
import type { BuildRow, Schema } from './schema.ts';
import { type NewRun, numberRuns, runNumbers } from './workflow-runs.ts';

/**
 * What is stored about a build's workflows: their files, why they run, and the node of each job in them. The planner defines
 * `facts`, `model` and `node`; here they are JSON text.
 */

/** A parsed workflow file. Most commits change none, so each one is stored once. */
export interface WorkflowModel {
  /** hash of path, text and everything else that parsing depends on */
  hash: string;
  model: string;
}

type ForkColumns = Pick<BuildRow, 'pull_request' | 'pull_details' | 'event'>;

export interface NewWorkflows {
  /** JSON: the event, and the facts for contexts that the build's columns do not have */
  facts: string;
  models: WorkflowModel[];
  runs?: NewRun[];
}

export interface PlanState {
  /** changes with every applied plan */
  revision: number;
  facts: string;
  /** JSON, as recorded */
  models: string[];
  /** number and attempt of its workflows' runs, by file */
  runs: ReturnType<typeof runNumbers>;
  jobs: PlanStateJob[];
  build: {
    number: number;
    ref: string;
    sha: string;
    subject: string;
    author: string;
    committedAt: number;
    /** number of the pull request of a fork that it is about, whose people need no rights in this repository; null for others */
    fork: number | null;
    /** whether it runs the code of that fork */
    isOfFork: boolean;
    /** its jobs let those of branches go first */
    isBehind: boolean;
    repo: { name: string; url: string; host: string | null };
  };
}

export interface PlanStateJob {
  id: JobId;
  position: number;
  node: string | null;
  name: string;
  status: Status;
  attempt: number;
  /** number of the first attempt since the last retry */
  firstAttempt: number;
  message: string | null;
  /** an order to end it is open: it is no longer planned */
  unwanted: boolean;
  continueOnError: boolean;
  outputs: { [name: string]: string };
}

/** Stores new models, and links all models to the build. */
export async function insertWorkflows(
  db: Write,
  { build, repo }: { build: BuildId; repo: string },
  { facts, models, runs = [] }: NewWorkflows,
): Promise<void> {
  for (const { hash, model } of models) {
    await db
      .insertInto('workflow_models')
      .values({ hash, model, created_at: serverNow() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await db
    .insertInto('build_workflows')
    .values({
      ...{ build_id: Number(build), facts, models: JSON.stringify(models.map(({ hash }) => hash)), revision: 0 },
      runs: await numberRuns(db, repo, runs),
    })
    .execute();
}

/** Everything that the planner needs about a build; undefined for a build without workflows. */
export async function planState(database: Database, build: BuildId): Promise<PlanState | undefined> {
  const { db } = database;
  const id = Number(build);
  const plan = await db.selectFrom('build_workflows').selectAll().where('build_id', '=', id).executeTakeFirst();
  if (!plan) return undefined;
  const row = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select(['number', 'ref', 'sha', 'subject', 'author', 'committed_at', 'pull_request', 'pull_details'])
    .select('event')
    .select(['repositories.name', 'url', 'host'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const hashes = JSON.parse(plan.models) as string[];
  const models =
    hashes.length === 0 ? [] : await db.selectFrom('workflow_models').selectAll().where('hash', 'in', hashes).execute();
  const jobs = await db
    .selectFrom('jobs')
    .select(['id', 'position', 'node', 'name', 'status', 'attempt', 'first_attempt', 'message', 'continue_on_error'])
    .select(['outputs'])
    .select(isUnwanted)
    .where('build_id', '=', id)
    .orderBy('position')
    .execute();
  const { number, ref, sha, subject, author, committed_at: committedAt, name, url, host } = row;
  return {
    revision: plan.revision,
    facts: plan.facts,
    models: models.map(({ model }) => model),
    runs: runNumbers(plan.runs),
    jobs: jobs.map(({ continue_on_error, first_attempt, outputs, unwanted, ...job }) => ({
      ...job,
      firstAttempt: first_attempt,
      unwanted: Boolean(unwanted),
      continueOnError: continue_on_error === 1,
      outputs: outputs === null ? {} : (JSON.parse(outputs) as { [name: string]: string }),
    })),
    build: {
      number,
      ref,
      sha,
      subject,
      author,
      committedAt,
      fork: forkOf(row),
      isOfFork: row.pull_request !== null && forkOf(row) !== null,
      isBehind: isBehind(row),
      repo: { name, url, host },
    },
  };
}

function forkOf({ pull_request: number, pull_details, event }: ForkColumns): number | null {
  if (pull_details !== null) return (JSON.parse(pull_details) as PullRequestDetails).same ? null : number;
  const { pull } = JSON.parse(event ?? '{}') as Partial<EventDetails>;
  return pull && pull.headRef === null ? pull.number : null;
}

/** Whether an order to end a job or its whole build is open. */
function isUnwanted({ exists, or, selectFrom }: ExpressionBuilder<Schema, 'jobs'>) {
  const orders = selectFrom('intents')
    .select('intents.id')
    .where('intents.closed_at', 'is', null)
    .where('intents.kind', '=', 'cancel')
    .whereRef('intents.build_id', '=', 'jobs.build_id');
  // each by the index: a build with a thousand jobs may have as many orders
  const [ofBuild, ofJob] = [
    orders.where('intents.job_id', 'is', null),
    orders.whereRef('intents.job_id', '=', 'jobs.id'),
  ];
  return or([exists(ofBuild), exists(ofJob)]).as('unwanted');
}

/** The plan was made from an outdated state of the build, which must be planned again. */
export class OutOfDate extends Error {
  constructor() {
    super('the build has moved on since it was planned');
    this.name = 'OutOfDate';
  }
}

/** Sets the name of a build by its workflows' `run-name`. */
export async function nameRun(db: Write, build: BuildId, name: string): Promise<void> {
  if (name === '') return;
  await db
    .updateTable('builds')
    .set({ run_name: name.slice(0, 1000) })
    .where('id', '=', Number(build))
    .execute();
}

/** A change of a waiting job. */
export type PlanChange =
  | ({ kind: 'expand'; node: string; workflow: string } & Pick<NewJob, 'id' | 'name' | 'needs'>)
  | ({ kind: 'queue'; continueOnError: boolean } & Omit<NewJob, 'workflow' | 'node' | 'continueOnError' | 'tag'>)
  /** what it waits for beside its needs */
  | { kind: 'hold'; id: JobId; message: string | null; reason: Reason | null }
  /** the needs, by final names, of a job that will not run */
  | { kind: 'needs'; id: JobId; needs: string[] };

/**
 * Applies a plan, all or nothing.
 * @param revision of the state that the plan was made from
 * @throws OutOfDate if another plan was applied since, or if a job that it would queue or expand has ended, or is ordered
 * to end. The transaction must be rolled back then
 */
export async function applyPlan(
  db: Write,
  build: BuildId,
  revision: number,
  changes: readonly PlanChange[],
  of: { repo: string; isBehind: boolean },
): Promise<void> {
  const current = await db
    .updateTable('build_workflows')
    .set({ revision: revision + 1 })
    .where('build_id', '=', Number(build))
    .where('revision', '=', revision)
    .returning('build_id')
    .executeTakeFirst();
  if (!current) throw new OutOfDate();
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'status'])
    .select(isUnwanted)
    .where('build_id', '=', Number(build))
    .execute();
  const known = new Map(rows.map(({ id, status, unwanted }) => [id, status === 'waiting' && !unwanted]));
  // further jobs of an expansion are made beside the row of the first one
  const begins = changes.filter(({ kind }) => kind === 'expand' || kind === 'queue');
  if (begins.some(({ id }) => known.get(id) === false)) throw new OutOfDate();
  // an id may be expanded twice: as a combination of a matrix, and then as a job of the called workflow
  const expanded = new Map(changes.flatMap((change) => (change.kind === 'expand' ? [[change.id, change]] : [])));
  const fresh = [...expanded.values()].filter(({ id }) => !known.has(id));
  const toQueue = changes.filter((change) => change.kind === 'queue');
  const labels = toQueue.map((change) => change.labels);
  const tags = await startTags(db, of.repo, labels, { continues: revision > 0, isBehind: of.isBehind });
  const queued = new Map(toQueue.map((change, index) => [change.id, { ...change, virtualStart: tags[index] ?? 0 }]));
  const jobs = fresh.map((job) => newJob(job, queued.get(job.id)));
  await insertJobs(db, build, jobs);
  for (const change of changes) {
    if (change.kind === 'queue') {
      const ready = queued.get(change.id);
      if (ready !== undefined && known.has(change.id)) await queuePlanned(db, ready);
    } else if (change.kind === 'hold')
      await setWaiting(db, change.id, { message: change.message, reason: change.reason });
    else if (change.kind === 'needs') await setWaiting(db, change.id, { needs: JSON.stringify(change.needs) });
    else if (known.has(change.id)) {
      const { name, node, needs } = change;
      await setWaiting(db, change.id, { name, node, needs: JSON.stringify(needs), message: null, reason: null });
    }
  }
  if (begins.length > 0) await updatePartStatuses(db, Number(build));
}

type Expanded = Extract<PlanChange, { kind: 'expand' }>;
type Queued = Extract<PlanChange, { kind: 'queue' }> & { virtualStart: number };

/** A new job, queued at once if it is ready. */
function newJob(job: Expanded, ready: Queued | undefined): NewJob {
  const { id, workflow, node, name, needs } = job;
  const { kind: _, virtualStart: tag, ...planned } = ready ?? { ...unplanned, name, needs };
  return { ...planned, id, workflow, node, tag };
}

/** What a job has before it is planned. */
const unplanned = { kind: undefined, virtualStart: undefined, labels: [], plan: '{}', timeout: 1 };

async function queuePlanned(db: Write, change: Queued): Promise<void> {
  const moved = await db
    .updateTable('jobs')
    .set((eb) => ({
      status: 'queued' as const,
      attempt: eb.case().when('attempt', '=', 0).then(1).else(eb.ref('attempt')).end(),
      virtual_start: change.virtualStart,
      name: change.name,
      labels: JSON.stringify(change.labels),
      needs: JSON.stringify(change.needs),
      plan: change.plan,
      timeout: change.timeout,
      continue_on_error: change.continueOnError ? 1 : 0,
      message: null,
      reason: null,
    }))
    .where('id', '=', change.id)
    .where('status', '=', 'waiting')
    .returning('attempt')
    .executeTakeFirst();
  if (!moved) return;
  await insertAttempt(db, change.id, moved.attempt);
}

async function setWaiting(
  db: Write,
  id: JobId,
  values: { name?: string; node?: string; needs?: string; message?: string | null; reason?: Reason | null },
): Promise<void> {
  await db.updateTable('jobs').set(values).where('id', '=', id).where('status', '=', 'waiting').execute();
}

export type OpenNode = Pick<PlanStateJob, 'id' | 'node' | 'status' | 'unwanted'>;

/** Open jobs of a build, with their nodes. */
export async function openNodes(db: Write, build: BuildId): Promise<OpenNode[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'node', 'status'])
    .select(isUnwanted)
    .where('build_id', '=', Number(build))
    .where('finished_at', 'is', null)
    .execute();
  return rows.map(({ unwanted, ...row }) => ({ ...row, unwanted: Boolean(unwanted) }));
}
