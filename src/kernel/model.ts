/**
 * The words that every part of Volt shares: what a build is made of, which statuses there are, and how they move.
 * The names are the vocabulary of ARCHITECTURE.md.
 */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Decimal number of a build in the record, for example `42`. */
export type BuildId = Branded<string, 'BuildId'>;
/** `<build>-<position in the plan, from 1>`, for example `42-1`. */
export type JobId = Branded<string, 'JobId'>;
/** `<name>~<epoch>`: a runner process gets a new epoch each time it registers anew. */
export type RunnerId = Branded<string, 'RunnerId'>;

const buildIdPattern = /^[1-9][0-9]{0,14}$/;
const jobIdPattern = /^[1-9][0-9]{0,14}-[1-9][0-9]{0,4}$/;

/** The text as a build's id, or undefined where it cannot be one; ids become paths and keys, so nothing else passes. */
export function parseBuildId(text: string): BuildId | undefined {
  return buildIdPattern.test(text) ? (text as BuildId) : undefined;
}

/** The text as a job's id, or undefined where it cannot be one. */
export function parseJobId(text: string): JobId | undefined {
  return jobIdPattern.test(text) ? (text as JobId) : undefined;
}

export function jobIdOf(build: BuildId, position: number): JobId {
  return `${build}-${position}` as JobId;
}

export function buildIdOf(job: JobId): BuildId {
  return job.slice(0, job.indexOf('-')) as BuildId;
}

/** The name in the id of a runner. */
export function runnerNameOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('~')));
}

/** One execution of a job. Its text form `<job>.<number>` names the message, the spool and the log of that execution. */
export interface AttemptRef {
  readonly job: JobId;
  readonly attempt: number;
}

export function attemptName({ job, attempt }: AttemptRef): string {
  return `${job}.${attempt}`;
}

export function parseAttemptName(text: string): AttemptRef | undefined {
  const dot = text.lastIndexOf('.');
  const job = parseJobId(text.slice(0, Math.max(dot, 0)));
  const attempt = text.slice(dot + 1);
  return job && /^[1-9][0-9]{0,5}$/.test(attempt) ? { job, attempt: Number(attempt) } : undefined;
}

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

/** Stable codes that say why a status is not `success`; users and scripts match on them. */
export const reasons = {
  exit_code: 'a command exited with a code other than 0',
  signal: 'a signal ended a command',
  timeout: 'the job ran longer than it may',
  by_user: 'a person cancelled it',
  superseded: 'a newer commit took its place',
  skip_ci: 'its message asks not to build it',
  runner_lost: 'the runner that ran it is gone',
  handed_back: 'the runner stopped and handed the job back',
  poison: 'the job took several runners down with it',
  invalid_workflow: 'a workflow file, or an expression in it, is not right',
  planning_failed: 'the build could not be planned, however often that was tried',
  unsupported: 'a workflow asks for what Volt cannot do yet',
  not_triggered: 'no workflow of the commit runs for what happened',
  condition: 'the condition of the job does not hold',
  deadlock: 'the job would wait for ever for its concurrency group',
  fail_fast: 'another job of the same matrix did not succeed',
  no_runner: 'no runner has the labels that the job asks for',
  tool_missing: 'a program that the tests need is not on the runner',
  no_tests_found: 'the repository holds no tests that Volt can discover',
  fetch_failed: 'the commit could not be fetched from its repository',
  secrets_unavailable: 'the job could not be given its secrets',
  checkout_failed: 'the commit could not be checked out',
  checkout_too_large: 'the commit, or what it names, has more files or other things than Volt checks out',
  spawn_failed: 'a command could not be started',
  step_failed: 'a step of the workflow could not do what it asks for',
  action_unavailable: 'an action, or a called workflow of another repository, could not be fetched',
  artifact_missing: 'an artifact that the workflow asks for is not on the machine that runs the job',
  runner_failed: 'the runner itself failed',
  disk_full: 'the job has filled the disk of its runner',
  resource_limit: 'the job took more memory, disk or other means than it may',
  bad_message: 'a message of the job could not be understood',
  job_failed: 'a job of the build failed',
  job_error: 'a job of the build ended in an error',
  job_cancelled: 'a job of the build was cancelled',
  needs_failed: 'a job that it needs did not succeed',
} as const;
export type Reason = keyof typeof reasons;

/**
 * What may go better with the next attempt, since the job itself had no part in it: an attempt that ends in such an error
 * before a command of the job has begun is made once more, see record/tries.ts.
 */
const passing: readonly Reason[] = [
  'fetch_failed',
  'checkout_failed',
  'spawn_failed',
  'action_unavailable',
  'secrets_unavailable',
  'runner_failed',
];

/** Whether an error with that reason is Volt's or the machine's, and may be gone with the next attempt. */
export function mayPass(reason: Reason | null): boolean {
  return reason !== null && passing.includes(reason);
}

export const triggers = ['commit', 'manual', 'schedule'] as const;
/** What made the build: an observed commit, a person or a program that asked for it, or a schedule of a workflow. */
export type Trigger = (typeof triggers)[number];

/** Something that a step points out: an error, a warning or a notice, at a place in a file where it has one. */
export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  message: string;
  title: string | null;
  /** as the step names it, or relative to the checkout */
  file: string | null;
  /** lines and columns count from 1 */
  line: number | null;
  endLine: number | null;
  column: number | null;
  endColumn: number | null;
}

export interface Step extends StepDetails {
  name: string;
  status: Status;
  exitCode: number | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface StepDetails {
  /** what the step itself came to, where it may fail without the job: `status` is `success` then */
  outcome: FinalStatus | null;
  /** bytes of the job's log before the step began, and when it had ended */
  logStart: number | null;
  logEnd: number | null;
  annotations: Annotation[];
  /** Markdown; null while it runs, too */
  summary: string | null;
}

/** A step that has not begun. */
export function newStep(name: string): Step {
  return {
    ...{ name, status: 'waiting', exitCode: null, startedAt: null, finishedAt: null },
    ...{ outcome: null, logStart: null, logEnd: null, annotations: [], summary: null },
  };
}

export const testStatuses = ['passed', 'failed', 'skipped', 'error'] as const;
/** `failed`: what it asserts does not hold; `error`: it could not be run to its end. Either is the commit's fault. */
export type TestStatus = (typeof testStatuses)[number];

/** What one test came to in one attempt of a job. */
export interface TestResult {
  /** what it belongs to, outermost first, joined by " > ": a class, a package, nested groups; empty where it has none */
  suite: string;
  name: string;
  file: string | null;
  status: TestStatus;
  /** milliseconds */
  duration: number | null;
  /** what went wrong, or why it was skipped, in short */
  message: string | null;
  /** a stack trace, a difference, output */
  details: string | null;
}

/** How many tests of an attempt came to what. */
export interface TestSummary {
  passed: number;
  /** those with an error included */
  failed: number;
  skipped: number;
  total: number;
  /** how many of them are recorded one by one; fewer than `total` where they were too many, or reported only as a number */
  listed: number;
}

export interface JobTests {
  summary: TestSummary;
  results: TestResult[];
}

export interface Attempt {
  number: number;
  runner: string | null;
  status: Status;
  reason: Reason | null;
  /** of an attempt whose runner was lost: the whole story of that */
  message: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  /** of an attempt whose runner was lost: the last sign of life of that, and when its silence was noticed */
  lostAt: string | null;
  noticedAt: string | null;
}

export interface Job {
  id: JobId;
  name: string;
  workflow: string | null;
  labels: string[];
  needs: string[];
  status: Status;
  reason: Reason | null;
  message: string | null;
  /** of a queued job whose last attempt is made once more: when the next one may begin at the earliest */
  triesAgainAt: string | null;
  /** name of the runner of the current attempt */
  runner: string | null;
  exitCode: number | null;
  attempts: Attempt[];
  steps: Step[];
  /** of the current attempt; null where no results of single tests were found */
  tests: TestSummary | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface BuildSummary {
  id: BuildId;
  /** counts the builds of its repository, from 1 */
  number: number;
  repo: string;
  ref: string;
  sha: string;
  subject: string;
  author: string;
  trigger: Trigger;
  /** what its workflows call it, by their `run-name` */
  runName: string | null;
  status: Status;
  reason: Reason | null;
  message: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface Build extends BuildSummary {
  jobs: Job[];
}
