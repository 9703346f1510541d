import { type Build, isFinal, type Job } from '../../kernel/model.ts';
import { waitingForApproval } from './approval.tsx';

/** The attempt of a job that a build's page shows, with its log. */
export interface ChosenJob {
  job: Job;
  /** number of the attempt */
  attempt: number;
}

/**
 * The job that the query asks for, else the first one that failed, waits for a person's approval, runs, waits for a runner, or has started.
 * @returns undefined for a build without jobs
 */
export function chooseJob(build: Build, job: string | undefined, attempt: string | undefined): ChosenJob | undefined {
  const { jobs } = build;
  const chosen =
    jobs.find((one) => one.id === job) ??
    jobs.find((one) => one.status === 'failure' || one.status === 'error') ??
    waitingForApproval(build)[0] ??
    jobs.find((one) => one.status === 'running') ??
    jobs.find((one) => one.status === 'queued') ??
    jobs.find((one) => one.attempts.length > 0) ??
    jobs[0];
  if (!chosen) return undefined;
  const number = chosen.id === job ? chosen.attempts.find((one) => String(one.number) === attempt)?.number : undefined;
  return { job: chosen, attempt: number ?? chosen.attempts.at(-1)?.number ?? 1 };
}

/** Whether a job has a log, or gets one. One that ended or waits for a person's approval before it has run has none. */
export function mayHaveLog(job: Job): boolean {
  return job.attempts.length > 0 || !(isFinal(job.status) || job.reason === 'approval_required');
}
