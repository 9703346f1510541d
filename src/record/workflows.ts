import type { ExpressionBuilder } from 'kysely';
import type { BuildId, JobId, Status } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Write } from './database.ts';
import { startTags } from './fairness.ts';
import { portions } from './portions.ts';
import type { Schema } from './schema.ts';

/**
 * What the record keeps of a build's workflows: which files they are, why they run, and where each job stands in them.
 * The forms of `facts`, `model` and `node` are the planner's; here they are JSON text.
 */

/** Workflow files are the same at commit after commit, so each text is kept once, as it was read. */
export interface WorkflowModel {
  /** of path, text and whatever else its reading depends on */
  hash: string;
  model: string;
}

/** The workflows of a new build. */
export interface NewWorkflows {
  /** JSON: what happened, and all that contexts are made from and the build itself does not say */
  facts: string;
  models: WorkflowModel[];
}

export interface PlanState {
  /** changes whenever a plan is applied */
  revision: number;
  facts: string;
  /** in JSON, as they were recorded */
  models: string[];
  jobs: PlanStateJob[];
  build: {
    number: number;
    ref: string;
    sha: string;
    subject: string;
    author: string;
    committedAt: number;
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
  /** the number of the first one since a person last retried it */
  firstAttempt: number;
  message: string | null;
  /** somebody, or a rule, wants it to end: nothing is planned of it any more */
  unwanted: boolean;
  continueOnError: boolean;
  outputs: { [name: string]: string };
}

/** Writes the models that are not there yet, and names them in the build. */
export async function insertWorkflows(db: Write, build: BuildId, { facts, models }: NewWorkflows): Promise<void> {
  for (const { hash, model } of models) {
    await db
      .insertInto('workflow_models')
      .values({ hash, model, created_at: serverNow() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await db
    .insertInto('build_workflows')
    .values({ build_id: Number(build), facts, models: JSON.stringify(models.map(({ hash }) => hash)), revision: 0 })
    .execute();
}

/** Everything that the planner asks about a build; undefined for a build that has no workflows. */
export async function planState(database: Database, build: BuildId): Promise<PlanState | undefined> {
  const { db } = database;
  const id = Number(build);
  const plan = await db.selectFrom('build_workflows').selectAll().where('build_id', '=', id).executeTakeFirst();
  if (!plan) return undefined;
  const row = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select(['number', 'ref', 'sha', 'subject', 'author', 'committed_at', 'repositories.name', 'url', 'host'])
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
    jobs: jobs.map(({ continue_on_error, first_attempt, outputs, unwanted, ...job }) => ({
      ...job,
      firstAttempt: first_attempt,
      unwanted: Boolean(unwanted),
      continueOnError: continue_on_error === 1,
      outputs: outputs === null ? {} : (JSON.parse(outputs) as { [name: string]: string }),
    })),
    build: { number, ref, sha, subject, author, committedAt, repo: { name, url, host } },
  };
}

/** Whether an order to end a job, or all of its build, is open. */
function isUnwanted({ exists, or, selectFrom }: ExpressionBuilder<Schema, 'jobs'>) {
  const orders = selectFrom('intents')
    .select('intents.id')
    .where('intents.closed_at', 'is', null)
    .where('intents.kind', '=', 'cancel')
    .whereRef('intents.build_id', '=', 'jobs.build_id');
  // each by the index: a build of a thousand jobs may have as many orders
  const [ofBuild, ofJob] = [
    orders.where('intents.job_id', 'is', null),
    orders.whereRef('intents.job_id', '=', 'jobs.id'),
  ];
  return or([exists(ofBuild), exists(ofJob)]).as('unwanted');
}

/** What was planned began from a state of the build that is none any more. It is to be planned anew. */
export class OutOfDate extends Error {
  constructor() {
    super('the build has moved on since it was planned');
    this.name = 'OutOfDate';
  }
}

/** Notes what its workflows call a build. */
export async function nameRun(db: Write, build: BuildId, name: string): Promise<void> {
  if (name === '') return;
  await db
    .updateTable('builds')
    .set({ run_name: name.slice(0, 1000) })
    .where('id', '=', Number(build))
    .execute();
}

/** A change of one job that waits. */
export type PlanChange =
  | { kind: 'place'; id: JobId; node: string; name: string; workflow: string; needs: string[] }
  | {
      kind: 'queue';
      id: JobId;
      name: string;
      labels: string[];
      needs: string[];
      plan: string;
      timeout: number;
      continueOnError: boolean;
    }
  /** what it waits for beside its needs */
  | { kind: 'hold'; id: JobId; message: string | null }
  /** what it needed by its final names, of a job that will not run */
  | { kind: 'needs'; id: JobId; needs: string[] };

/**
 * Applies what the planner has come to, all or nothing.
 * @param revision of the state that it looked at
 * @throws OutOfDate where another plan was applied meanwhile, or a job that it would queue or expand has ended, or is to
 * end. The transaction must not be written then
 */
export async function applyPlan(
  db: Write,
  build: BuildId,
  revision: number,
  changes: readonly PlanChange[],
  repo: string,
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
  // what an expansion puts beside begins from the row of the first
  const begins = changes.filter(({ kind }) => kind === 'place' || kind === 'queue');
  if (begins.some(({ id }) => known.get(id) === false)) throw new OutOfDate();
  // an id may be placed twice: as a combination of a matrix, and then as a job of what that calls
  const placed = new Map(changes.flatMap((change) => (change.kind === 'place' ? [[change.id, change]] : [])));
  const fresh = [...placed.values()].filter(({ id }) => !known.has(id));
  const toQueue = changes.filter((change) => change.kind === 'queue');
  const labels = toQueue.map((change) => change.labels);
  const tags = await startTags(db, repo, labels, { continues: revision > 0 });
  const queued = new Map(toQueue.map((change, index) => [change.id, { ...change, virtualStart: tags[index] ?? 0 }]));
  await insertPlaces(db, build, fresh, queued);
  for (const change of changes) {
    if (change.kind === 'queue') {
      const ready = queued.get(change.id);
      if (ready !== undefined && known.has(change.id)) await queuePlanned(db, ready);
    } else if (change.kind === 'hold') await setWaiting(db, change.id, { message: change.message });
    else if (change.kind === 'needs') await setWaiting(db, change.id, { needs: JSON.stringify(change.needs) });
    else if (known.has(change.id)) {
      const { name, node, needs } = change;
      await setWaiting(db, change.id, { name, node, needs: JSON.stringify(needs), message: null });
    }
  }
}

type Place = Extract<PlanChange, { kind: 'place' }>;
type Queued = Extract<PlanChange, { kind: 'queue' }> & { virtualStart: number };

/** Writes jobs that come new into the build, queued at once where nothing keeps them from running. */
async function insertPlaces(
  db: Write,
  build: BuildId,
  places: readonly Place[],
  queued: ReadonlyMap<JobId, Queued>,
): Promise<void> {
  const now = serverNow();
  for (const some of portions(places)) {
    await db
      .insertInto('jobs')
      .values(
        some.map((place) => {
          const ready = queued.get(place.id);
          return {
            id: place.id,
            build_id: Number(build),
            position: Number(place.id.slice(place.id.indexOf('-') + 1)),
            name: ready?.name ?? place.name,
            workflow: place.workflow,
            labels: JSON.stringify(ready?.labels ?? []),
            needs: JSON.stringify(ready?.needs ?? place.needs),
            plan: ready?.plan ?? '{}',
            timeout: ready?.timeout ?? 1,
            continue_on_error: ready?.continueOnError ? 1 : 0,
            status: ready ? ('queued' as const) : ('waiting' as const),
            attempt: ready ? 1 : 0,
            virtual_start: ready?.virtualStart ?? 0,
            node: place.node,
            created_at: now,
          };
        }),
      )
      .execute();
    const attempts = some
      .filter(({ id }) => queued.has(id))
      .map(({ id }) => ({ job_id: id, number: 1, status: 'queued' as const, created_at: now }));
    if (attempts.length > 0) await db.insertInto('attempts').values(attempts).execute();
  }
}

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
    }))
    .where('id', '=', change.id)
    .where('status', '=', 'waiting')
    .returning('attempt')
    .executeTakeFirst();
  if (!moved) return;
  await db
    .insertInto('attempts')
    .values({ job_id: change.id, number: moved.attempt, status: 'queued', created_at: serverNow() })
    .execute();
}

async function setWaiting(
  db: Write,
  id: JobId,
  values: { name?: string; node?: string; needs?: string; message?: string | null },
): Promise<void> {
  await db.updateTable('jobs').set(values).where('id', '=', id).where('status', '=', 'waiting').execute();
}

export type OpenNode = Pick<PlanStateJob, 'id' | 'node' | 'status' | 'unwanted'>;

/** Open jobs of a build, with where they stand. */
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
