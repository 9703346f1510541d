import { type FinalStatus, mayPass, type Reason } from '../kernel/model.ts';

/** What a job came to. */
export interface JobOutcome {
  status: FinalStatus;
  reason: Reason | null;
  message: string | null;
  exitCode: number | null;
  /** whether another attempt would come to the same, whatever the reason */
  permanent?: boolean;
}

/**
 * Whether another attempt may come to something else, and nothing of the job is done twice by it.
 * @param begun whether a command of the commit, or of an action that it names, has begun: it may have had effects
 */
export function mayBeRepeated({ status, reason, permanent }: JobOutcome, begun: boolean): boolean {
  return status === 'error' && mayPass(reason) && permanent !== true && !begun;
}

/** Why a job is ended before its time. The first cause stays: an AbortController keeps its first reason. */
export class JobAborted extends Error {
  /** what it means for a job whose own commands have begun */
  readonly outcome: JobOutcome;
  /** what it means for one that is still being checked out */
  readonly early: JobOutcome;

  constructor(outcome: JobOutcome, early: JobOutcome = outcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
    this.early = early;
  }

  /** Whether steps that a workflow wants to run in any case still may. */
  get allowsCleanup(): boolean {
    return this.outcome.status === 'cancelled' || this.outcome.reason === 'timeout';
  }
}

/** Time that the commit's own commands took is the commit's fault; what the checkout took is ours. */
export function timedOut(minutes: number): JobAborted {
  const limit = minutes >= 1 ? `${minutes} min` : `${Math.round(minutes * 60)} s`;
  return new JobAborted(
    { status: 'failure', reason: 'timeout', message: `ran longer than ${limit}`, exitCode: null },
    {
      status: 'error',
      reason: 'checkout_failed',
      message: `checking out took longer than the job may run (${limit}); none of its commands was started`,
      exitCode: null,
    },
  );
}

/** The commit is at fault where its job takes more than it may. */
export function overLimit(message: string): JobAborted {
  return new JobAborted({ status: 'failure', reason: 'resource_limit', message, exitCode: null });
}

/** @param breach what limit the job has met, which is why it has failed */
export function withLimit(outcome: JobOutcome, breach: string | undefined): JobOutcome {
  const isItsOwn = outcome.reason === 'exit_code' || outcome.reason === 'signal';
  if (breach === undefined || outcome.status !== 'failure' || !isItsOwn) return outcome;
  return { ...outcome, reason: 'resource_limit', message: `the job ${breach} (${outcome.message ?? outcome.reason})` };
}

export function cancelled(message: string, reason: Reason = 'by_user'): JobAborted {
  return new JobAborted({ status: 'cancelled', reason, message, exitCode: null });
}

export function runnerFailed(message: string): JobAborted {
  return new JobAborted({ status: 'error', reason: 'runner_failed', message, exitCode: null });
}

/** @param permanent whether no attempt can run it before a person has changed something */
export function unableToRun(message: string, permanent: boolean): JobOutcome {
  return { status: 'error', reason: 'runner_failed', message, exitCode: null, permanent };
}
