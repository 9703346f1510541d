import { type BuildSummary, type FinalStatus, isFinal, type Reason, type Status, type TestStatus } from './model.ts';

/** The end of a job or a build. */
export interface Outcome {
  status: FinalStatus;
  reason: Reason | null;
  message: string | null;
}

const success = { status: 'success', reason: null, message: null } as const;
const faults: readonly Status[] = ['failure', 'error'];

/**
 * A build's verdict from those of its jobs. An error counts before a failure, since it means that there is no verdict. A build
 * of one job has that job's reason. A job with continue-on-error counts as a success. Faults of a workflow file are reported
 * for the whole build.
 */
export function verdictOf(
  all: { name: string; status: Status; reason: Reason | null; message: string | null; continueOnError?: boolean }[],
): Outcome {
  const jobs = all.map((job) => (job.continueOnError && faults.includes(job.status) ? { ...job, ...success } : job));
  const order = [
    ['error', 'job_error', 'ended in an error'],
    ['failure', 'job_failed', 'failed'],
    ['cancelled', 'job_cancelled', 'was cancelled'],
  ] as const;
  for (const [status, reason, words] of order) {
    const culprits = jobs.filter((job) => job.status === status);
    const [first] = culprits;
    if (!first) continue;
    const invalid = culprits.filter((job) => job.reason === 'invalid_workflow');
    if (invalid.length > 0) {
      const message = invalid.map((job) => job.message).join('\n');
      return { status, reason: 'invalid_workflow', message: message.slice(0, 10_000) };
    }
    if (jobs.length === 1) return { status, reason: first.reason, message: first.message };
    const names = culprits
      .map((job) => job.name)
      .slice(0, 5)
      .join(', ');
    return {
      status,
      reason,
      message: `${names}${culprits.length > 5 ? ` and ${culprits.length - 5} more` : ''} ${words}`,
    };
  }
  if (jobs.every((job) => job.status === 'skipped')) {
    return { status: 'skipped', reason: jobs[0]?.reason ?? null, message: jobs[0]?.message ?? null };
  }
  return success;
}

/** Whether a build that still runs can no longer pass, since one of its jobs has failed. It has the reason then already. */
export function isFailing({ status, reason }: Pick<BuildSummary, 'status' | 'reason'>): boolean {
  return !isFinal(status) && (reason === 'job_failed' || reason === 'job_error');
}

/** The status of a job that says the same as that of a test. */
export const statusOfTest: { readonly [S in TestStatus]: FinalStatus } = {
  ...{ passed: 'success', failed: 'failure', error: 'error', skipped: 'skipped' },
};
