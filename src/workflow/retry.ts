import { VoltError } from '../kernel/errors.ts';
import { isFinal, type Reason, type Status } from '../kernel/model.ts';

/** A job of a build that is retried. */
export interface RetriableJob<Id> {
  id: Id;
  name: string;
  status: Status;
  reason: Reason | null;
  /** its workflow; null for a job without one */
  workflow: string | null;
  /** names of other jobs of the same workflow */
  needs: readonly string[];
}

export interface RetryRequest<Id> {
  /** one job; null for the whole build */
  job: Id | null;
  /** for the whole build: only jobs that did not succeed */
  failedOnly: boolean;
}

/** Reasons for which a job is skipped at planning and would be skipped again, with the remedy. */
const alwaysSkipped: { readonly [R in Reason]?: string } = {
  skip_ci: 'Trigger a build instead; a trigger ignores marks in the commit message.',
  not_triggered: 'Trigger one of its workflows instead, which needs `on: workflow_dispatch`.',
};

const unsuccessful: readonly Status[] = ['failure', 'error', 'cancelled'];

/**
 * The jobs that a retry runs again: all jobs, one job, or those that failed, ended in an error or were cancelled; and every
 * job that needs one of them, directly or through others, since its result is out of date.
 * @throws VoltError `conflict` if the build is still running, no job failed, or the jobs would be skipped again;
 *   `not_found` if the job does not exist
 */
export function jobsToRetry<Id>(build: string, jobs: readonly RetriableJob<Id>[], request: RetryRequest<Id>): Id[] {
  if (request.job !== null && !jobs.some((job) => job.id === request.job)) {
    throw new VoltError('not_found', `build ${build} has no job ${request.job}`, {
      remedy: `Its jobs are: ${jobs.map((job) => job.name).join(', ')}.`,
    });
  }
  const open = jobs.filter((job) => !isFinal(job.status));
  if (open.length > 0) {
    const names = open.map((job) => job.name).slice(0, 5);
    throw new VoltError('conflict', `build ${build} is still open: ${names.join(', ')} ${open[0]?.status}`, {
      remedy: 'Wait until it ends, or cancel it first.',
    });
  }
  const asked = jobs.filter(({ id, status }) => {
    if (request.job !== null) return id === request.job;
    return !request.failedOnly || unsuccessful.includes(status);
  });
  if (asked.length === 0) {
    throw new VoltError('conflict', `no job of build ${build} failed`, {
      remedy: 'Retry the whole build, without "failed".',
    });
  }
  const remedy = remedyOfDecided(asked);
  if (remedy !== undefined) {
    const what = request.job === null ? `build ${build}` : `job ${request.job}`;
    throw new VoltError('conflict', `${what} was skipped and would be skipped again`, { remedy });
  }
  return withFollowers(jobs, asked);
}

/** The remedy if a retry would run none of these jobs. */
function remedyOfDecided<Id>(jobs: readonly RetriableJob<Id>[]): string | undefined {
  const remedies = jobs.map(({ reason }) => (reason === null ? undefined : alwaysSkipped[reason]));
  return remedies.includes(undefined) ? undefined : remedies[0];
}

function withFollowers<Id>(jobs: readonly RetriableJob<Id>[], asked: readonly RetriableJob<Id>[]): Id[] {
  const chosen = new Set(asked);
  // iterating over a set includes entries that are added during the loop
  for (const { name, workflow } of chosen) {
    for (const job of jobs) {
      if (job.workflow === workflow && job.needs.includes(name)) chosen.add(job);
    }
  }
  return jobs.filter((job) => chosen.has(job)).map((job) => job.id);
}
