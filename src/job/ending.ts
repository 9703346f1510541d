import type { FinalStatus, Reason } from '../kernel/model.ts';

/** What a job came to. */
export interface JobOutcome {
  status: FinalStatus;
  reason: Reason | null;
  message: string | null;
  exitCode: number | null;
}

/** Why a job is ended before its time. The first cause stays: an AbortController keeps its first reason. */
export class JobEnding extends Error {
  readonly outcome: JobOutcome;

  constructor(outcome: JobOutcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
  }
}

export function timedOut(minutes: number): JobEnding {
  const limit = minutes >= 1 ? `${minutes} min` : `${Math.round(minutes * 60)} s`;
  return new JobEnding({ status: 'failure', reason: 'timeout', message: `ran longer than ${limit}`, exitCode: null });
}

export function cancelled(message: string): JobEnding {
  return new JobEnding({ status: 'cancelled', reason: 'by_user', message, exitCode: null });
}

export function runnerFailed(message: string): JobEnding {
  return new JobEnding({ status: 'error', reason: 'runner_failed', message, exitCode: null });
}
