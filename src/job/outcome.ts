import { type FinalStatus, isTransient, type Reason } from '../kernel/model.ts';

/** How a job ended. */
export interface JobOutcome {
  status: FinalStatus;
  reason: Reason | null;
  message: string | null;
  exitCode: number | null;
  /** whether another attempt would end with the same result */
  permanent?: boolean;
}

/**
 * Whether another attempt may end differently without running any part of the job twice.
 * @param begun whether a command of the commit, or of an action that it uses, has begun: it may have had effects
 */
export function mayBeRepeated({ status, reason, permanent }: JobOutcome, begun: boolean): boolean {
  return status === 'error' && isTransient(reason) && permanent !== true && !begun;
}

/** Why a job is ended early. The first cause stays: an AbortController keeps its first reason. */
export class JobAborted extends Error {
  /** the outcome of a job whose own commands have begun */
  readonly outcome: JobOutcome;
  /** the outcome of a job that is still being checked out */
  readonly early: JobOutcome;

  constructor(outcome: JobOutcome, early: JobOutcome = outcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
    this.early = early;
  }

  /** Whether steps that run in any case (`always()`) still run. */
  get allowsCleanup(): boolean {
    return this.outcome.status === 'cancelled' || this.outcome.reason === 'timeout';
  }
}

/** A timeout during the commit's own commands is the commit's fault, one during the checkout is ours. */
export function timedOut(minutes: number): JobAborted {
  const limit = minutes >= 1 ? `${minutes} min` : `${Math.round(minutes * 60)} s`;
  return new JobAborted(
    { status: 'failure', reason: 'timeout', message: `ran longer than ${limit}`, exitCode: null },
    {
      status: 'error',
      reason: 'checkout_failed',
      message: `the checkout took longer than the job's time limit (${limit}); none of its commands was started`,
      exitCode: null,
    },
  );
}

/** Whether the time limit of a job or a step was the reason to abort what it does. */
export function isTimeLimit(reason: unknown): boolean {
  if (reason instanceof JobAborted) return reason.outcome.reason === 'timeout';
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

/** The commit is at fault if its job exceeds a limit. */
export function overLimit(message: string): JobAborted {
  return new JobAborted({ status: 'failure', reason: 'resource_limit', message, exitCode: null });
}

/** @param breach the limit that made the job fail, as the end of a sentence */
export function withLimit(outcome: JobOutcome, breach: string | undefined): JobOutcome {
  const isItsOwn = ['exit_code', 'signal', 'step_failed'].includes(outcome.reason ?? '');
  if (breach === undefined || outcome.status !== 'failure' || !isItsOwn) return outcome;
  return { ...outcome, reason: 'resource_limit', message: `the job ${breach} (${outcome.message ?? outcome.reason})` };
}

export function cancelled(message: string, reason: Reason = 'by_user'): JobAborted {
  return new JobAborted({ status: 'cancelled', reason, message, exitCode: null });
}

export function runnerFailed(message: string): JobAborted {
  return new JobAborted({ status: 'error', reason: 'runner_failed', message, exitCode: null });
}

/** @param permanent whether no attempt can run it before a person changes something */
export function unableToRun(message: string, permanent: boolean): JobOutcome {
  return { status: 'error', reason: 'runner_failed', message, exitCode: null, permanent };
}
