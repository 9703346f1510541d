import type { BuildId, Reason } from '../kernel/model.ts';
import { holderOf, queuesOf } from '../queues/attempts.ts';
import { jobQueue, messageIds } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { closeIntent, type Intent, openCancels } from '../record/intents.ts';
import { type OpenJob, openJobs } from '../record/open-jobs.ts';
import { notifyRunner } from '../redis/channels.ts';
import type { DispatcherContext } from './context.ts';
import { sendDecision } from './decided-plan.ts';

/**
 * Carries out open requests to cancel, and closes those that are done. It is called again and again: an order to a runner
 * may be lost, and is repeated until an outcome has arrived.
 * @param build limits it to requests for this build
 */
export async function pursueCancels(context: DispatcherContext, build?: BuildId): Promise<void> {
  for (const intent of await openCancels(context.database)) {
    if (build === undefined || intent.build === build) await pursue(context, intent);
  }
}

/** @returns whether a job is to be cancelled; such a job is no longer sent to runners */
export async function jobsToCancel(database: Database): Promise<(job: Pick<OpenJob, 'id' | 'build'>) => boolean> {
  const intents = await openCancels(database);
  const builds = new Set(intents.flatMap(({ build, job }) => (job === null && build !== null ? [build] : [])));
  const jobs = new Set(intents.flatMap(({ job }) => job ?? []));
  return ({ id, build }) => builds.has(build) || jobs.has(id);
}

async function pursue(context: DispatcherContext, intent: Intent): Promise<void> {
  const { database } = context;
  const open = intent.build === null ? [] : await openJobs(database, { build: intent.build, limit: 100_000 });
  const targets = open.filter((job) => intent.job === null || job.id === intent.job);
  if (targets.length === 0) await database.write((db) => closeIntent(db, intent.id));
  for (const job of targets) await cancelJob(context, job, intent.because ?? byPersonWith(job));
}

function byPersonWith({ repo }: OpenJob): { reason: Reason; message: string } {
  return {
    reason: 'by_user',
    message: repo.removed ? `the repository ${repo.name} was removed` : 'cancelled by a person',
  };
}

async function cancelJob(
  context: StageContext,
  job: OpenJob,
  because: { reason: Reason; message: string },
): Promise<void> {
  const { queues, access } = context;
  const ref = { job: job.id, attempt: job.attempt };
  const cancelled = { status: 'cancelled', ...because } as const;
  if (job.status === 'waiting') return sendDecision(context, ref, cancelled);
  const queue = (await queuesOf(access, queues, [ref])).get(messageIds.job(ref)) ?? jobQueue(job.labels);
  const runner = job.runner?.id ?? (await holderOf(access, queue, ref));
  if (runner !== undefined) return notifyRunner(access, runner, { kind: 'cancel', ...ref, ...because });
  // the job has ended by itself, and its outcome is about to be recorded
  if (await queues.holdsOutcome(ref)) return;
  // if a runner takes the message in this moment, removing it fails, and the next call tells the runner
  const removed = await queues.queue(queue).remove(messageIds.job(ref));
  if (removed > 0) await sendDecision(context, ref, cancelled);
}
