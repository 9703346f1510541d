import * as z from 'zod';
import { approvalChange, buildId as build, jobId as job, jobImage, step, text } from '../kernel/model/shapes.ts';
import { finalStatuses, type Reason, reasons, triggers } from '../kernel/model.ts';
import { labelPattern, repositoryNamePattern, shaPattern } from '../kernel/names.ts';
import { pullRequestActivities } from '../kernel/pull-request.ts';
import { unknownTrust } from '../kernel/trust.ts';
import { deepestRuns, refEvents, runPhases, toldEvents } from '../kernel/workflow-events.ts';
import { deliveryKinds, longestAudience } from '../secrets/delivery.ts';
import { packedTests } from './packed-tests.ts';

/**
 * Every message between stages. Each is parsed when it is sent and when it is received. `v` is the version of the schema; a
 * message of an unknown version becomes a dead letter.
 */
const v = z.literal(1);

const repo = z.string().regex(repositoryNamePattern);
const sha = z.string().regex(shaPattern);
const ref = z.string().min(1).max(1024);
const time = z.iso.datetime();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const attempt = z.number().int().min(1);
const reason = z.enum(Object.keys(reasons) as [Reason, ...Reason[]]);

/** What messages about an attempt begin with. */
const ofAttempt = { v, job, attempt };

/** `observe`: poll a repository now. */
export const observeMessage = z.object({
  v,
  repo,
  /** the schedule, an observer's start, a watched ref, the dispatcher when a batch is recorded, a webhook, or a person */
  cause: z.enum(['schedule', 'start', 'watch', 'batch', 'hook', 'person']),
});
export type ObserveMessage = z.infer<typeof observeMessage>;

/** Why workflows run without a new commit. */
export const buildEvent = z.discriminatedUnion('name', [
  z.object({
    name: z.literal('workflow_dispatch'),
    /** file or name, as the person has given it */
    workflow: z.string().min(1).max(300),
    inputs: z.record(z.string().max(100), z.string().max(65_535)),
  }),
  z.object({ name: z.literal('repository_dispatch'), type: z.string().min(1).max(100), payload: z.json() }),
  /** a webhook has told of it; new heads of pull requests are found without one */
  z.object({
    name: z.literal('pull_request'),
    number: z.number().int().min(1),
    action: z.enum(pullRequestActivities),
    /** the label that was set or removed */
    label: z.string().max(1000).nullable(),
    /** the head that it happened to; absent in requests of an older version */
    head: sha.optional(),
  }),
  z.object({ name: z.literal('schedule'), workflow: z.string().max(300), cron: z.string().max(200) }),
  /** it happened to a pull request, and the default branch runs its own workflows; see `target` of the message */
  z.object({
    name: z.literal('pull_request_target'),
    number: z.number().int().min(1),
    action: z.enum(['opened', 'synchronize', ...pullRequestActivities]),
    label: z.string().max(1000).nullable(),
    /** the head that was seen before; null for a new pull request, and where it has no new head */
    before: sha.nullable(),
    /** the head that it happened to; absent for a new head, where the newest one counts */
    head: sha.optional(),
  }),
  /** the run of another workflow has moved on */
  z.object({
    name: z.literal('workflow_run'),
    action: z.enum(runPhases),
    run: z.object({
      ...{ id: z.string().max(30), number: z.number().int(), attempt: z.number().int() },
      ...{ name: z.string().max(10_000), path: z.string().max(300), event: z.string().max(100) },
      ...{ conclusion: z.string().max(30).nullable(), ref, sha, branch: z.string().max(1024).nullable() },
      ...{ pullRequest: z.number().int().nullable(), subject: text, author: text, committedAt: time },
      ...{ depth: z.number().int().min(1).max(deepestRuns), isByStranger: z.boolean() },
    }),
  }),
  /** a webhook or git has told of it */
  z.object({
    name: z.literal('forge'),
    event: z.enum([...toldEvents, ...refEvents]),
    action: z.string().max(100).nullable(),
    /** in GitHub's form, bounded by web/hooks/bounded-json.ts */
    payload: z.record(z.string(), z.json()),
  }),
]);

export type BuildEvent = z.infer<typeof buildEvent>;

/** `commits`: a commit to build. */
export const commitMessage = z.object({
  v,
  repo,
  ref,
  sha,
  subject: text,
  /** absent in messages of an older observer */
  body: text.optional(),
  author: text,
  /** absent likewise */
  authorAddress: z.string().max(254).optional(),
  committedAt: time,
  trigger: z.enum(triggers),
  /** where the ref's cursor must be for this commit to be next; absent for a manual trigger, which moves no cursor */
  cursor: z
    .object({
      /** how often the ref has moved to a commit that does not descend from the one before */
      generation: z.number().int().min(0),
      /** the commit before, null for a new ref */
      before: z.object({ generation: z.number().int().min(0), sha }).nullable(),
    })
    .optional(),
  /** the person's request that this answers */
  intent: z.number().int().optional(),
  /** number of older commits that are not built because they exceed the backlog */
  passedOver: z.number().int().min(0),
  /** more commits of the ref wait for this one to be recorded */
  more: z.boolean(),
  /** the marker in the commit message that skips the build */
  skip: z.string().max(100).optional(),
  /** the commit's workflow files; absent if it has none, or if they are not used */
  workflows: z
    .object({
      /** `text` is null if the file is too large for a message */
      files: z.array(z.object({ path: z.string().max(300), text: z.string().nullable() })).max(200),
      /** workflows of other repositories that they call; see workflow/called-file.ts */
      called: z
        .array(
          z.object({
            repository: z.string().max(300),
            ref: z.string().max(1024),
            sha: sha.nullable(),
            inherits: z.boolean(),
            files: z.array(z.object({ path: z.string().max(300), text: z.string().nullable() })).max(100),
            problem: text.optional(),
          }),
        )
        .max(100)
        .optional(),
      /** paths that differ from the commit before; null if unknown or not needed */
      changed: z.array(z.string()).max(5000).nullable(),
      /** name of the repository's default branch now */
      defaultBranch: z.string().max(1024).nullable(),
    })
    .optional(),
  /**
   * texts of `.volt.yml`, null where Volt does not read it; absent if neither the commit nor the default branch has one, or if
   * it is not used
   */
  settings: z
    .object({
      /** that of the commit, `''` if it has none */
      own: z.string().max(200_000).nullable(),
      /** that of the default branch, null if it has none; absent in a commit of that branch */
      trusted: z.string().max(200_000).nullable().optional(),
    })
    .optional(),
  /** the commit's files, see job/discovery/packed-tree.ts; absent where its workflow files are used */
  tree: z.base64().max(700_000).optional(),
  /** what happened, unless the commit is new on the ref */
  event: buildEvent.optional(),
  /**
   * the pull request whose head the commit is; absent for other commits. Its files above are those of the merge, and
   * `workflows.changed` the paths that the head has changed since it left the base branch
   */
  pullRequest: z
    .object({
      number: z.number().int().min(1),
      /** the head that was seen before; null for a new pull request */
      before: sha.nullable(),
      /** branch of the repository at the same commit; null where there is none */
      headRef: z.string().max(1024).nullable(),
      /** name of the base branch, and its commit that is merged */
      baseRef: z.string().max(1024),
      base: sha,
      /** commit of the merge; null where the head is tested alone, or conflicts */
      merge: sha.nullable(),
      /** files that conflict, which may be unknown; null if head and base do not conflict */
      conflicts: z.array(z.string().max(500)).max(100).nullable(),
      /** whether a branch of the repository itself is at the head */
      same: z.boolean(),
    })
    .optional(),
  /** the pull request that the event `pull_request_target` is about; the commit is that of the default branch */
  target: z
    .object({
      /** full name of the ref of its head, and the commit */
      ref,
      head: sha,
      /** branch of the repository at the same commit; null where there is none */
      headRef: z.string().max(1024).nullable(),
      baseRef: z.string().max(1024),
      base: sha,
    })
    .optional(),
  /** of a branch of GitHub's merge queue; see kernel/merge-group.ts */
  mergeGroup: z.object({ base: z.string().max(1024), baseSha: sha, number: z.number().int().min(0) }).optional(),
  /** the ref was made, after Volt had begun to watch its name */
  created: z.boolean().optional(),
  /** of a pull request that a person must approve first, whose files are not sent: what the person looks at */
  approval: z
    .object({
      digest,
      files: z.array(approvalChange).max(100),
      /** how many files more there are */
      more: z.number().int().min(0),
    })
    .optional(),
  /** the build that waits for this, since a person has approved the changes with that digest */
  approved: z.object({ build, digest }).optional(),
});
export type CommitMessage = z.infer<typeof commitMessage>;

/** `advance`: a build has changed, or a person has requested something of it. */
export const advanceMessage = z.object({
  v,
  build,
  /** only send this job, which is due to be tried again */
  due: job.optional(),
});
export type AdvanceMessage = z.infer<typeof advanceMessage>;

/** `notices`: statuses wait for forges in the database. */
export const noticesMessage = z.object({ v });

/** What a job without a workflow runs. */
const testPlans = [
  /** the runner discovers the tests of the checkout; of a commit whose files were not sent with it */
  z.object({ kind: z.literal('discover') }),
  z.object({ kind: z.literal('command'), command: z.string().min(1).max(100_000) }),
  /** see job/discovery/project-plan.ts; the runner parses it */
  z.looseObject({ kind: z.literal('project') }),
] as const;

/** What a job runs. */
export const planSchema = z.discriminatedUnion('kind', [
  ...testPlans,
  /** see workflow/plan.ts; the runner parses it */
  z.looseObject({ kind: z.literal('workflow') }),
  /** in a container of an image, which `from` has named: the settings of the repository, or `.volt.yml` */
  z.object({
    kind: z.literal('image'),
    image: z.string().min(1).max(1000),
    from: z.enum(['repository', 'file']),
    plan: z.discriminatedUnion('kind', [...testPlans]),
  }),
]);
export type Plan = z.infer<typeof planSchema>;

const sentJob = z.object({
  ...ofAttempt,
  build,
  name: text,
  labels: z.array(z.string().regex(labelPattern)),
  repo: z.object({
    name: repo,
    url: z.string().min(1).max(4096),
    /** globs of the checkout's files with results of single tests; absent if there are none */
    reports: z.array(z.string().min(1).max(1000)).max(50).optional(),
    /** git's filter of the files that are fetched, see git/filter.ts; absent where all are */
    filter: z.string().max(100).optional(),
    /** environment variables of its jobs; absent if there are none */
    env: z.record(z.string().max(200), z.string().max(10_000)).optional(),
    /** image of its settings, for jobs of workflows on runners that run each job in one; absent if there is none */
    image: z.string().min(1).max(1000).optional(),
  }),
  ref,
  /** the commit that is checked out */
  sha,
  /** what that commit merges, where Volt has made it for a pull request: the runner makes it again; see git/merge.ts */
  merge: z.object({ base: sha, head: sha }).optional(),
  /** number of the pull request whose code it runs, which has to be isolated; absent for others */
  pullRequest: z.number().int().optional(),
  /** the trust class of its code, see kernel/trust.ts; absent in messages of an older dispatcher */
  trust: z.object({ trusted: z.boolean(), class: ref }).optional(),
  /** of an event that may be about the code of strangers: which refs are trusted; see record/trust.ts */
  trustRules: z
    .object({ defaultBranch: z.string().max(1024).nullable(), named: z.array(z.string()).nullable() })
    .optional(),
  plan: planSchema,
  /** what the dispatcher seals to the runner of the attempt on request; see secrets/delivery.ts */
  sealed: z.object({ secrets: z.boolean(), credential: z.boolean() }).optional(),
  /** minutes after which the job ends as a failure */
  timeout: z.number().positive(),
  /** whether the job is tried again if the outcome of this attempt has `again` */
  repeatable: z.boolean().optional(),
  /** how many attempts ended because of their runner: its disk, or what a second attempt may not meet again */
  tried: z.number().int().min(0).optional(),
  /** run of the Redis server that the message was sent to, see redis/server-run.ts; absent in messages of an older dispatcher */
  server: z.string().max(100).optional(),
});

/** `jobs.<labels>`: one attempt of a job. Never carries a secret. */
export const jobMessage = sentJob.transform((message) => ({
  ...message,
  trust: message.trust ?? unknownTrust(message.ref),
}));
export type JobMessage = z.infer<typeof jobMessage>;

/** `secrets`: the runner of an attempt requests something sealed, see secrets/delivery.ts. Messages contain names only. */
export const secretsMessage = z.object({
  ...ofAttempt,
  runner: z.string().min(1).max(200),
  kind: z.enum(deliveryKinds),
  request: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
  audience: z.string().min(1).max(longestAudience).optional(),
});
export type SecretsMessage = z.infer<typeof secretsMessage>;

/** Runners of an older version leave out newer fields. */
const stepSchema = step.extend({
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  outcome: step.shape.outcome.default(null),
  logStart: step.shape.logStart.default(null),
  logEnd: step.shape.logEnd.default(null),
  annotations: step.shape.annotations.default([]),
  summary: step.shape.summary.default(null),
});

const runner = z.object({
  id: z.string().min(1).max(200),
  name: z.string().min(1).max(100),
  host: z.string().max(300),
});

/** What runners say of an attempt. */
const byRunner = { ...ofAttempt, runner };

/** `results`: what has happened to an attempt. */
export const resultMessage = z.discriminatedUnion('kind', [
  /** a runner has started it */
  z.object({ ...byRunner, kind: z.literal('started'), at: time }),
  /** its steps so far; the message with the higher revision wins, in whatever order they arrive */
  z.object({ ...byRunner, kind: z.literal('steps'), revision: z.number().int().min(1), steps: z.array(stepSchema) }),
  /** a runner has finished it; needs no earlier message */
  z.object({
    ...byRunner,
    kind: z.literal('finished'),
    status: z.enum(finalStatuses),
    reason: reason.nullable(),
    message: text.nullable(),
    exitCode: z.number().int().nullable(),
    steps: z.array(stepSchema),
    /** the job's outputs, for the jobs that need it; absent if there are none */
    outputs: z.record(z.string(), z.string()).optional(),
    /** address of its deployment; absent if it has none */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    /** image of its container; absent without one */
    image: jobImage.optional(),
    /** results of single tests; absent if none were found */
    tests: packedTests.optional(),
    /** whether another attempt may come to something else, and does nothing of the job twice; see job/outcome.ts */
    again: z.boolean().optional(),
    /** length of the whole log in bytes */
    logBytes: z.number().int().min(0),
    startedAt: time,
    finishedAt: time,
  }),
  /** a runner gives the job back unfinished */
  z.object({
    ...byRunner,
    kind: z.literal('returned'),
    message: text,
    /** whether the disk of the runner is at fault, so that another runner should have the job */
    disk: z.boolean().optional(),
    at: time,
  }),
  /** the dispatcher has decided its end without a runner */
  z.object({
    ...ofAttempt,
    kind: z.literal('decided'),
    /** its number; for a waiting job 0, or the number of the attempt that a retry will make */
    attempt: z.number().int().min(0),
    status: z.enum(finalStatuses),
    reason,
    message: text,
    at: time,
  }),
]);
export type ResultMessage = z.infer<typeof resultMessage>;
export type Result<Kind extends ResultMessage['kind']> = Extract<ResultMessage, { kind: Kind }>;
