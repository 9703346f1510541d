export const statuses = [
  /** needs of the job are not met yet */
  'waiting',
  /** sent to a queue; no runner has begun */
  'queued',
  /** a runner is at work */
  'running',
  /** the tests passed */
  'success',
  /** the commit is at fault: a command exited non-zero or ran out of time */
  'failure',
  /** Volt, the machine or the configuration is at fault */
  'error',
  /** a person or a rule ended it */
  'cancelled',
  /** its condition or its needs said that it must not run */
  'skipped',
] as const;
export type Status = (typeof statuses)[number];

/**
 * The word for each status wherever people read it, on the terminal and on pages. The statuses themselves are codes: for
 * the API, files, options and the record.
 */
export const statusWords: { readonly [S in Status]: string } = {
  waiting: 'waiting',
  queued: 'queued',
  running: 'running',
  success: 'passed',
  failure: 'failed',
  error: 'error',
  cancelled: 'cancelled',
  skipped: 'skipped',
};

export const finalStatuses = ['success', 'failure', 'error', 'cancelled', 'skipped'] as const;
export type FinalStatus = (typeof finalStatuses)[number];

export function isFinal(status: Status): status is FinalStatus {
  return (finalStatuses as readonly Status[]).includes(status);
}

/**
 * The allowed moves of a job. `running` → `queued` is an attempt that was lost, or that is made once more: the same job,
 * one attempt later.
 * A final status never moves: what was recorded first stands.
 */
export const moves: Readonly<Record<Status, readonly Status[]>> = {
  waiting: ['queued', 'skipped', 'cancelled', 'error'],
  queued: ['running', ...finalStatuses],
  running: ['queued', ...finalStatuses],
  success: [],
  failure: [],
  error: [],
  cancelled: [],
  skipped: [],
};

/** The statuses from which a job may move to the given one. */
export function statusesBefore(to: Status): Status[] {
  return statuses.filter((from) => moves[from].includes(to));
}

export const triggers = ['commit', 'manual', 'schedule'] as const;
/** What made the build: an observed commit, a person or a program that asked for it, or a schedule of a workflow. */
export type Trigger = (typeof triggers)[number];

export const testStatuses = ['passed', 'failed', 'skipped', 'error'] as const;
/** `failed`: an assertion does not hold; `error`: the test could not be run to its end. Either is the commit's fault. */
export type TestStatus = (typeof testStatuses)[number];
