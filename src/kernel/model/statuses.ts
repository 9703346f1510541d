export const statuses = [
  /** the job's needs are not met yet */
  'waiting',
  /** in a queue; no runner has started it */
  'queued',
  /** a runner runs it */
  'running',
  /** the tests passed */
  'success',
  /** the commit is at fault: a command exited non-zero or reached the time limit */
  'failure',
  /** Volt, the machine or the configuration is at fault */
  'error',
  /** a person or a rule ended it */
  'cancelled',
  /** its condition or its needs do not allow it to run */
  'skipped',
] as const;
export type Status = (typeof statuses)[number];

/**
 * The word for each status on the terminal and on pages. The statuses themselves are codes for the API, files, options and
 * the database.
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

/** How a wait for approval has ended; nobody decided within the time if it `expired`. */
export const approvalDecisions = ['approved', 'declined', 'expired'] as const;
export type ApprovalDecision = (typeof approvalDecisions)[number];

export const finalStatuses = ['success', 'failure', 'error', 'cancelled', 'skipped'] as const;
export type FinalStatus = (typeof finalStatuses)[number];

export function isFinal(status: Status): status is FinalStatus {
  return (finalStatuses as readonly Status[]).includes(status);
}

/**
 * The allowed moves of a job. `running` → `queued` happens after a lost attempt, or one that is tried again: the job gets
 * a further attempt. A final status never moves: the first result counts.
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

export const triggers = ['commit', 'manual', 'schedule', 'event'] as const;
/**
 * What started the build: an observed commit, a request of a person or program, a workflow's schedule, or another event for which
 * a workflow waits.
 */
export type Trigger = (typeof triggers)[number];

export const testStatuses = ['passed', 'failed', 'skipped', 'error'] as const;
/** `failed`: an assertion does not hold; `error`: the test could not be run to its end. Either is the commit's fault. */
export type TestStatus = (typeof testStatuses)[number];
