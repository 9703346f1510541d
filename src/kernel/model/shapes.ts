import * as z from 'zod';
import { buildIdPattern, jobIdPattern } from './ids.ts';
import type { Reason } from './reasons.ts';
import { approvalDecisions, finalStatuses, statuses, testStatuses, triggers } from './statuses.ts';

/**
 * What a build consists of. Each shape is declared here only: messages between the stages, answers of the API and its
 * OpenAPI document are made from these schemas, and every other module uses their types.
 */

const whole = z.number().int();
const count = whole.min(0);

export const time = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC' });

export const buildId = z.string().regex(buildIdPattern, 'is not the id of a build, such as 42').brand<'BuildId'>();

export const jobId = z.string().regex(jobIdPattern, 'is not the id of a job, such as 42-1').brand<'JobId'>();

export const status = z.enum(statuses);

/** Database rows of an older Volt may have a code that is not in the list any more, so any text passes. */
export const reason = z
  .string()
  .transform((code) => code as Reason)
  .nullable()
  .meta({ description: 'stable code that says why the status is not success, for example exit_code' });

export const sentence = z.string().nullable().meta({ description: 'a sentence for people' });

/** A text that a job or a runner makes up. */
export const text = z.string().max(10_000);

const position = whole.min(1).nullable().meta({ description: 'counts from 1' });

/** An error, a warning or a notice that a step reports, with its position in a file if it has one. */
export const annotation = z.object({
  level: z.enum(['error', 'warning', 'notice']),
  message: text,
  title: text.nullable(),
  file: text.nullable().meta({ description: 'as the step names it, or relative to the checkout' }),
  line: position,
  endLine: position,
  column: position,
  endColumn: position,
  logStart: count
    .nullable()
    .default(null)
    .meta({ description: "bytes of the job's log before the line that it comes from" }),
});
export type Annotation = z.output<typeof annotation>;

export const step = z.object({
  name: text,
  status,
  exitCode: whole.nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  outcome: z
    .enum(finalStatuses)
    .nullable()
    .meta({ description: "the step's own status, where it may fail without the job (continue-on-error)" }),
  logStart: count.nullable().meta({ description: "bytes of the job's log before the step began" }),
  logEnd: count.nullable().meta({ description: "bytes of the job's log when the step had ended" }),
  annotations: z.array(annotation),
  summary: z.string().max(1_048_576).nullable().meta({ description: 'Markdown; null until the step has ended' }),
});
export type Step = z.output<typeof step>;
export type StepDetails = Pick<Step, 'outcome' | 'logStart' | 'logEnd' | 'annotations' | 'summary'>;

/** A line of the stack of a failed test that is in a file of the checkout. */
export const stackLine = z.object({
  text: z.string().max(1000).meta({ description: 'the whole line, as the test runner printed it' }),
  file: z.string().max(1000).meta({ description: 'relative to the checkout' }),
  line: whole.min(1),
});
export type StackLine = z.output<typeof stackLine>;

/** The result of one test in one attempt of a job. */
export const testResult = z.object({
  suite: z
    .string()
    .max(1000)
    .meta({ description: 'the groups that it belongs to, outermost first, joined by " > "; may be empty' }),
  name: z.string().max(1000),
  file: z.string().max(1000).nullable(),
  status: z.enum(testStatuses),
  duration: z.number().min(0).nullable().meta({ description: 'milliseconds' }),
  message: text.nullable().meta({ description: 'what went wrong, or why it was skipped, in short' }),
  details: z.string().max(50_000).nullable().meta({ description: 'a stack trace, a difference, output' }),
  expected: text.nullable().default(null).meta({ description: 'what it expected, if the report says so' }),
  actual: text.nullable().default(null).meta({ description: 'what it got instead; null if and only if `expected` is' }),
  stack: z
    .array(stackLine)
    .max(20)
    .default([])
    .meta({ description: 'the lines of its stack that are in files of the checkout, as far as they are known' }),
});
export type TestResult = z.output<typeof testResult>;

/** How many tests of an attempt had which result. */
export const testSummary = z.object({
  passed: count,
  failed: count.meta({ description: 'those with an error included' }),
  skipped: count,
  total: count,
  listed: count.meta({ description: 'how many of them are recorded one by one' }),
});
export type TestSummary = z.output<typeof testSummary>;

export interface JobTests {
  summary: TestSummary;
  results: TestResult[];
}

export const attempt = z.object({
  number: whole,
  runner: z.string().nullable().meta({ description: 'name of the runner' }),
  status,
  reason,
  message: sentence,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  lostAt: time.nullable().meta({ description: 'if its runner was lost: the last sign of life of the runner' }),
  noticedAt: time.nullable().meta({ description: 'if its runner was lost: when Volt noticed it' }),
});
export type Attempt = z.output<typeof attempt>;

export const jobImage = z.object({
  name: z.string().max(1000).meta({ description: 'in full, with its registry' }),
  digest: z
    .string()
    .max(1000)
    .meta({ description: 'of the registry, else the id of an image that was made on the machine' }),
});
export type JobImage = z.output<typeof jobImage>;

export const approval = z.object({
  environment: z.string().nullable().meta({ description: 'that the job deploys to' }),
  askedAt: time,
  decision: z.enum(approvalDecisions).nullable().meta({ description: 'null while it is open' }),
  by: z.string().nullable().meta({ description: 'who decided: the name of a token, owner for the main one' }),
  at: time.nullable().meta({ description: 'when it was decided' }),
  comment: z.string().nullable(),
});
export type Approval = z.output<typeof approval>;

/** A file of a pull request that decides how it runs and differs from the base branch. */
export const approvalChange = z.object({
  path: z.string().max(4096),
  status: z.enum(['added', 'changed', 'removed']),
  diff: z.string().max(100_000).nullable().meta({ description: 'null where it is too long' }),
});
export type ApprovalChange = z.output<typeof approvalChange>;

/** What a job deploys to. */
export const deploymentTarget = z.object({
  environment: z.string(),
  url: z
    .string()
    .nullable()
    .meta({ description: "http or https; `environment.url` of the workflow, at the job's end" }),
});

export const job = z.object({
  id: jobId,
  name: z.string(),
  workflow: z.string().nullable(),
  labels: z.array(z.string()),
  needs: z.array(z.string()),
  status,
  reason,
  message: sentence,
  triesAgainAt: time
    .nullable()
    .meta({ description: 'while the job waits to be tried again: when its next attempt may begin at the earliest' }),
  runner: z.string().nullable().meta({ description: 'name of the runner of the current attempt' }),
  image: jobImage.nullable().meta({
    description: 'that the container of the current attempt had; null without a container, and while it runs',
  }),
  exitCode: whole.nullable(),
  deployment: deploymentTarget
    .nullable()
    .meta({ description: 'null for a job without an environment, and before it may deploy' }),
  approval: approval.nullable().meta({ description: 'the newest one that it has waited for; null if there was none' }),
  attempts: z.array(attempt),
  steps: z.array(step).meta({ description: 'of the current attempt' }),
  tests: testSummary
    .nullable()
    .meta({ description: 'of the current attempt; null where no results of single tests were found' }),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type Job = z.output<typeof job>;

export const pullRequest = z.object({
  number: whole,
  head: z.string().nullable().meta({ description: 'branch of the repository at the same commit; null for a fork' }),
  base: z.string().meta({ description: 'branch that it is for' }),
  trusted: z.boolean().meta({
    description: 'whether its head is a branch of the repository itself; its jobs get no secrets even then',
  }),
  url: z.string().nullable().meta({ description: 'its page at the forge; null where that is unknown' }),
});
export type PullRequest = z.output<typeof pullRequest>;

/** What a person has requested of a build. */
export const buildRequest = z.object({
  kind: z.enum(['trigger', 'cancel', 'retry']),
  job: jobId.nullable().meta({ description: 'null for the whole build' }),
  by: z.string().meta({ description: 'name of a person or a token; owner for the main one; an account at a forge' }),
  displayName: z.string().nullable().meta({ description: 'of the person; null for others' }),
  at: time,
});
export type BuildRequest = z.output<typeof buildRequest>;

export const buildSummary = z.object({
  id: buildId,
  number: whole.meta({ description: 'counts the builds of its repository, from 1' }),
  repo: z.string(),
  ref: z.string(),
  sha: z.string(),
  commitUrl: z.string().nullable().meta({ description: 'its page at the forge; null where that is unknown' }),
  subject: z.string(),
  author: z.string().meta({ description: 'as the commit says; anybody can write any name into a commit' }),
  person: z
    .object({ name: z.string(), displayName: z.string() })
    .nullable()
    .meta({ description: "the person who has the mail address of the commit's author; null for nobody known" }),
  trigger: z.enum(triggers),
  runName: z.string().nullable().meta({ description: 'the `run-name` of its workflows' }),
  status,
  reason,
  message: sentence,
  pullRequest: pullRequest.nullable().meta({ description: 'null for a build of anything else' }),
  createdAt: time,
  startedAt: time.nullable().meta({ description: 'when its first job began; a retry does not change it' }),
  finishedAt: time.nullable(),
  idle: count.meta({
    description: 'milliseconds from its end to a retry, for all retries; they do not count as duration',
  }),
  lastRequest: buildRequest.nullable().meta({
    description: 'who has last asked that it runs or is retried; null for nobody, or if you may not know people',
  }),
});
export type BuildSummary = z.output<typeof buildSummary>;

export const build = buildSummary.extend({
  body: z.string().meta({ description: 'the commit message after its first paragraph' }),
  requests: z.array(buildRequest).meta({ description: 'who has started, cancelled and retried it' }),
  approval: approval.nullable().meta({ description: 'of the whole build, if a person had to approve it' }),
  jobs: z.array(job),
});
export type Build = z.output<typeof build>;
