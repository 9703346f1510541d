import type { BuildId } from '../kernel/model.ts';
import { type JobMessage, planSchema } from '../queues/messages.ts';
import type { Queues } from '../queues/queues.ts';
import { type OpenJob, openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { jobsToCancel } from './cancel.ts';
import { priorityOf } from './fairness.ts';
import { secretsNamedBy } from './secret-names.ts';

/**
 * Sends the current attempts of jobs to the queues of their labels. Sending one again does nothing while its message is
 * there, and a message stays until well after its attempt is over.
 */
export async function route(queues: Queues, jobs: OpenJob[]): Promise<void> {
  await queues.sendJobs(jobs.map((job) => ({ message: messageOf(job), priority: priorityOf(job.virtualStart) })));
}

/** Sends every job of the build that is to run now. One that somebody wants cancelled is not sent any more. */
export async function routeBuild(record: Record, queues: Queues, build: BuildId): Promise<void> {
  const unwanted = await jobsToCancel(record);
  const queued = await openJobs(record, { status: 'queued', build, limit: 100_000 });
  const jobs = queued.filter((job) => !unwanted(job));
  if (jobs.length > 0) await route(queues, jobs);
}

/** Whether the job's runner has anything to ask for; whether it is given is decided when it asks. */
function usesSecrets(job: OpenJob): boolean {
  const named = secretsNamedBy(job.plan);
  return named === 'environment' ? job.hasSecretsInEnvironment : named === '*' || named.length > 0;
}

function messageOf(job: OpenJob): JobMessage {
  const sealed = { secrets: usesSecrets(job), credential: job.hasCredential };
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
    ...(sealed.secrets || sealed.credential ? { sealed } : {}),
    timeout: job.timeout,
  };
}
