import type { BuildId } from '../kernel/model.ts';
import { type JobMessage, planSchema } from '../queues/messages.ts';
import type { Queues } from '../queues/queues.ts';
import { type OpenJob, openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { priorityOf } from './fairness.ts';

/**
 * Sends the current attempts of jobs to the queues of their labels. Sending one again does nothing while its message is
 * there, so this is right whenever in doubt.
 */
export async function route(queues: Queues, jobs: OpenJob[]): Promise<void> {
  await queues.sendJobs(jobs.map((job) => ({ message: messageOf(job), priority: priorityOf(job.virtualStart) })));
}

/** Sends every job of the build that is to run now. */
export async function routeBuild(record: Record, queues: Queues, build: BuildId): Promise<void> {
  const jobs = await openJobs(record, { status: 'queued', build, limit: 100_000 });
  if (jobs.length > 0) await route(queues, jobs);
}

function messageOf(job: OpenJob): JobMessage {
  return {
    v: 1,
    job: job.id,
    attempt: job.attempt,
    build: job.build,
    name: job.name,
    labels: job.labels,
    repo: job.repo,
    ref: job.ref,
    sha: job.sha,
    plan: planSchema.parse(JSON.parse(job.plan)),
    timeout: job.timeout,
  };
}
