import { VoltError } from '../kernel/errors.ts';
import { isFinal, type Reason, type Status } from '../kernel/model.ts';

/** What is known about a job of a build that is to be retried. */
export interface RetriableJob<Id> {
  id: Id;
  name: string;
  status: Status;
  reason: Reason | null;
  /** its workflow; null for a job of none */
  workflow: string | null;
  /** names of other jobs of the same workflow */
  needs: readonly string[];
}

export interface RetryWish<Id> {
  /** one job; null for the whole build */
  job: Id | null;
  /** of the whole build only what did not succeed */
  failedOnly: boolean;
}

/** Why a job was skipped from the start; planned again it would be skipped again, so a retry of it does nothing. */
const decided: { readonly [R in Reason]?: string } = {
  skip_ci: 'Trigger a build of it instead: a mark in the message does not count against a trigger.',
  not_triggered: 'Trigger a workflow of it instead, by its `workflow_dispatch`.',
};

const unsuccessful: readonly Status[] = ['failure', 'error', 'cancelled'];

/**
 * The jobs that a retry runs again: the whole build, one job, or those that failed, ended in an error or were
 * cancelled; and with them every job that needs one of them, directly or through others, whatever it came to: what it
 * has made of their results is out of date.
 * @throws VoltError `conflict` when the build is not over, nothing of it failed or what is asked for was skipped from the
 *   start; `not_found` when it has no such job
 */
export function jobsToRetry<Id>(build: string, jobs: readonly RetriableJob<Id>[], wish: RetryWish<Id>): Id[] {
  if (wish.job !== null && !jobs.some((job) => job.id === wish.job)) {
    throw new VoltError('not_found', `build ${build} has no job ${wish.job}`, {
      remedy: `Its jobs are: ${jobs.map((job) => job.name).join(', ')}.`,
    });
  }
  const open = jobs.filter((job) => !isFinal(job.status));
  if (open.length > 0) {
    const names = open.map((job) => job.name).slice(0, 5);
    throw new VoltError('conflict', `build ${build} is not over: ${names.join(', ')} ${open[0]?.status}`, {
      remedy: 'Wait for its end, or cancel it first.',
    });
  }
  const asked = jobs.filter(({ id, status }) => {
    if (wish.job !== null) return id === wish.job;
    return !wish.failedOnly || unsuccessful.includes(status);
  });
  if (asked.length === 0) {
    throw new VoltError('conflict', `nothing of build ${build} failed`, {
      remedy: 'Retry all of it, without "failed".',
    });
  }
  const remedy = remedyOfDecided(asked);
  if (remedy !== undefined) {
    const what = wish.job === null ? `build ${build}` : `job ${wish.job}`;
    throw new VoltError('conflict', `${what} was skipped from the start, and would be again`, { remedy });
  }
  return withFollowers(jobs, asked);
}

/** What to do instead, where a retry would run none of these jobs. */
function remedyOfDecided<Id>(jobs: readonly RetriableJob<Id>[]): string | undefined {
  const remedies = jobs.map(({ reason }) => (reason === null ? undefined : decided[reason]));
  return remedies.includes(undefined) ? undefined : remedies[0];
}

function withFollowers<Id>(jobs: readonly RetriableJob<Id>[], asked: readonly RetriableJob<Id>[]): Id[] {
  const chosen = new Set(asked);
  // a set that is walked shows what is added meanwhile
  for (const { name, workflow } of chosen) {
    for (const job of jobs) {
      if (job.workflow === workflow && job.needs.includes(name)) chosen.add(job);
    }
  }
  return jobs.filter((job) => chosen.has(job)).map((job) => job.id);
}
