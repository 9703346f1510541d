import { z } from 'zod';
import {
  type BuildId,
  type JobId,
  parseAttemptName,
  parseBuildId,
  parseJobId,
  statuses,
  testStatuses,
  triggers,
} from '../../kernel/model.ts';
import { repositoryNamePattern, shaPattern } from '../../kernel/names.ts';
import { tokenScopes } from '../../kernel/token-scope.ts';
import { stageKinds } from '../../redis/membership.ts';

/**
 * The form of everything that the API takes and answers. Requests are parsed by these, answers leave through these, and
 * the OpenAPI document is made of these, so that the three cannot tell different things.
 */

/** The schemas that the OpenAPI document knows by name. */
export const named = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
function name<S extends z.ZodType>(id: string, schema: S): S {
  named.add(schema, { id });
  return schema;
}

const time = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC' });
const status = z.enum(statuses);
const reason = z
  .string()
  .nullable()
  .meta({ description: 'stable code that says why the status is not success, for example exit_code' });
const sentence = z.string().nullable().meta({ description: 'a sentence for people' });

export const buildId = z
  .string()
  .refine((text) => parseBuildId(text) !== undefined, 'is not the id of a build, such as 42')
  .transform((text) => text as BuildId);

export const jobId = z
  .string()
  .refine((text) => parseJobId(text) !== undefined, 'is not the id of a job, such as 42-1')
  .transform((text) => text as JobId);

export const repositoryName = z.string().regex(repositoryNamePattern, 'is not the name of a repository');
export const fullSha = z.string().regex(shaPattern, 'is not a full commit id in lower case');

const attempt = name(
  'Attempt',
  z.object({
    number: z.number().int(),
    runner: z.string().nullable().meta({ description: 'name of the runner' }),
    status,
    reason,
    message: sentence,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    lostAt: time.nullable().meta({ description: 'where its runner was lost: the last sign of life of that' }),
    noticedAt: time.nullable().meta({ description: 'where its runner was lost: when that was noticed' }),
  }),
);

const place = z.number().int().nullable().meta({ description: 'counts from 1' });
const annotation = name(
  'Annotation',
  z.object({
    level: z.enum(['error', 'warning', 'notice']),
    message: z.string(),
    title: z.string().nullable(),
    file: z.string().nullable(),
    line: place,
    endLine: place,
    column: place,
    endColumn: place,
  }),
);

const logPlace = z.number().int().nullable();
const step = name(
  'Step',
  z.object({
    name: z.string(),
    status,
    exitCode: z.number().int().nullable(),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    outcome: status.nullable().meta({ description: 'what it came to by itself, where the job goes on all the same' }),
    logStart: logPlace.meta({ description: "bytes of the job's log before the step began" }),
    logEnd: logPlace.meta({ description: "bytes of the job's log when the step had ended" }),
    annotations: z.array(annotation),
    summary: z.string().nullable().meta({ description: 'Markdown' }),
  }),
);

const testSummary = name(
  'TestSummary',
  z.object({
    passed: z.number().int(),
    failed: z.number().int().meta({ description: 'those with an error included' }),
    skipped: z.number().int(),
    total: z.number().int(),
    listed: z.number().int().meta({ description: 'how many of them are recorded one by one' }),
  }),
);

const testResult = name(
  'TestResult',
  z.object({
    id: z.string(),
    test: z.string().meta({ description: 'id of the test, the same in all builds of the repository' }),
    job: z.string(),
    suite: z.string().meta({ description: 'what it belongs to, outermost first; may be empty' }),
    name: z.string(),
    file: z.string().nullable(),
    status: z.enum(testStatuses),
    duration: z.number().nullable().meta({ description: 'milliseconds' }),
    message: z.string().nullable().meta({ description: 'what went wrong, or why it was skipped, in short' }),
    details: z.string().nullable().meta({ description: 'a stack trace, a difference, output' }),
    before: z
      .enum(testStatuses)
      .nullable()
      .meta({ description: 'what it came to in the build of the branch before; null where that has no such result' }),
  }),
);

const test = name(
  'Test',
  z.object({
    id: z.string(),
    suite: z.string(),
    name: z.string(),
    file: z.string().nullable(),
    status: z.enum(testStatuses).meta({ description: 'the newest' }),
    runs: z.number().int().meta({ description: 'results other than skipped' }),
    failures: z.number().int().meta({ description: 'results that failed or had an error' }),
    duration: z.number().nullable().meta({ description: 'mean, the newest count most; milliseconds' }),
    lastBuild: z.string().meta({ description: 'id of the newest build that has it' }),
    flaky: z
      .object({
        commits: z.number().int().meta({ description: 'of how many commits it has both passed and failed' }),
        sha: z.string().meta({ description: 'the newest of them' }),
        since: z.string().meta({ description: 'id of the build where that was first seen' }),
        sinceSha: z
          .string()
          .nullable()
          .meta({ description: 'commit of that build; null where it is not kept any more' }),
        at: time,
      })
      .nullable(),
  }),
);

const job = name(
  'Job',
  z.object({
    id: z.string(),
    name: z.string(),
    workflow: z.string().nullable(),
    labels: z.array(z.string()),
    needs: z.array(z.string()),
    status,
    reason,
    message: sentence,
    runner: z.string().nullable().meta({ description: 'name of the runner of the current attempt' }),
    exitCode: z.number().int().nullable(),
    attempts: z.array(attempt),
    steps: z.array(step).meta({ description: 'of the current attempt' }),
    tests: testSummary.nullable().meta({ description: 'of the current attempt; null where none were found' }),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  }),
);

const buildSummary = name(
  'BuildSummary',
  z.object({
    id: z.string(),
    number: z.number().int().meta({ description: 'counts the builds of its repository, from 1' }),
    repo: z.string(),
    ref: z.string(),
    sha: z.string(),
    subject: z.string(),
    author: z.string(),
    trigger: z.enum(triggers),
    runName: z.string().nullable().meta({ description: 'what its workflows call it, by their `run-name`' }),
    status,
    reason,
    message: sentence,
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  }),
);

export const build = name('Build', buildSummary.extend({ jobs: z.array(job) }));

const next = z.string().nullable().meta({ description: 'what `before` must be for the next page; null on the last' });

const nextAfter = z
  .string()
  .nullable()
  .meta({ description: 'what `after` must be for the next page; null on the last' });

/** The parameter of a list's next page that takes its `next`; undefined for answers that are no pages of a list. */
export function pageParameter(schema: z.ZodType): 'before' | 'after' | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (schema.shape.next === next) return 'before';
  return schema.shape.next === nextAfter ? 'after' : undefined;
}

export const testResultList = name(
  'TestResultList',
  z.object({
    tests: z.array(testResult),
    next: nextAfter,
  }),
);

export const testList = name('TestList', z.object({ tests: z.array(test), next: nextAfter }));

export const testHistory = name(
  'TestHistory',
  z.object({
    test,
    results: z.array(
      z.object({
        id: z.string(),
        build: z.string(),
        number: z.number().int().meta({ description: 'of the build' }),
        ref: z.string(),
        sha: z.string(),
        job: z.string(),
        jobName: z.string(),
        attempt: z.number().int(),
        status: z.enum(testStatuses),
        duration: z.number().nullable(),
        message: z.string().nullable(),
        details: z.string().nullable(),
        at: time,
      }),
    ),
    next: z.string().nullable().meta({ description: 'as `before` of the next page' }),
  }),
);

export const buildList = name('BuildList', z.object({ builds: z.array(buildSummary), next }));

const repository = name(
  'Repository',
  z.object({
    name: z.string(),
    url: z.string().meta({ description: 'a password in it is not shown' }),
    host: z.string().nullable().meta({ description: 'machine that the path is on, null for a URL' }),
    branches: z.array(z.string()).meta({ description: 'globs; empty means the default branch' }),
    tags: z.array(z.string()).meta({ description: 'globs; empty means none' }),
    pollSeconds: z.number(),
    commits: z.enum(['every', 'latest']),
    command: z.string().nullable().meta({ description: 'null where the tests are discovered' }),
    reports: z.array(z.string()).meta({ description: 'globs of files that hold results of single tests' }),
    observedAt: time.nullable(),
    defaultBranch: z.string().nullable(),
    notice: sentence.meta({ description: 'what is odd about it and no error, for people' }),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string(), since: time }).nullable(),
    retryAt: time.nullable().meta({ description: 'after an error: when it is looked at again at the earliest' }),
  }),
);

const repositorySettings = z.object({
  branches: z.array(z.string()).optional().meta({ description: 'globs; empty for the default branch' }),
  tags: z.array(z.string()).optional().meta({ description: 'globs; empty for none' }),
  pollSeconds: z.number().optional().meta({ description: 'seconds between two looks, 0.5 to 86400' }),
  commits: z.enum(['every', 'latest']).optional().meta({ description: 'which of the new commits at a look are built' }),
  command: z.string().nullable().optional().meta({ description: 'shell command; null to have the tests discovered' }),
  reports: z
    .array(z.string())
    .optional()
    .meta({ description: 'globs of files of the checkout that hold results of single tests; empty for none' }),
});

export const newRepository = name(
  'NewRepository',
  repositorySettings
    .extend({
      url: z.string().min(1).max(4096).meta({ description: "URL, or a path on the web stage's machine" }),
      // what it may be is said by the error of its own, `bad_name`
      name: z
        .string()
        .max(1024)
        .optional()
        .meta({ pattern: repositoryNamePattern.source, description: 'the last part of the URL where it is absent' }),
    })
    .strict(),
);

export const repositoryChange = name('RepositoryChange', repositorySettings.strict());

export const repositoryAnswer = repository;

export const hookRequest = name(
  'HookRequest',
  z.object({ rotate: z.boolean().default(false).meta({ description: 'make another secret' }) }),
);

export const hook = name(
  'Hook',
  z.object({
    path: z.string().meta({ description: "of the webhook, behind the address of this server's web stage" }),
    secret: z.string(),
  }),
);

export const removed = name(
  'Removed',
  z.object({
    cancelled: z.array(z.string()).meta({ description: 'ids of the builds that were open and are being cancelled' }),
    purge: z.boolean().meta({ description: 'whether its builds, logs and results are deleted, too' }),
  }),
);

export const repositoryList = name('RepositoryList', z.object({ repos: z.array(repository), next }));

export const triggerRequest = name(
  'TriggerRequest',
  z.object({
    ref: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: 'branch, tag or commit; the default branch where it is absent' }),
    workflow: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .meta({ description: 'run this workflow alone, by its `workflow_dispatch`: its file or its name' }),
    inputs: z
      .record(z.string().max(100), z.string().max(65_535))
      .refine((inputs) => Object.keys(inputs).length <= 25, 'has more than 25 inputs')
      .optional()
      .meta({ description: 'inputs of that workflow, as text' }),
  }),
);

export const dispatchRequest = name(
  'DispatchRequest',
  z.object({
    event_type: z.string().min(1).max(100).meta({ description: 'what `types` of `repository_dispatch` names' }),
    client_payload: z
      .record(z.string(), z.unknown())
      .refine((payload) => JSON.stringify(payload).length <= 65_535, 'is larger than 64 KB')
      .optional()
      .meta({ description: '`github.event.client_payload`' }),
  }),
);

const entry = z.object({
  name: z.string(),
  repo: z.string().nullable().meta({ description: 'null for all repositories' }),
  updatedAt: time,
});

const inEnvironment = z
  .boolean()
  .meta({ description: 'whether jobs that no workflow describes have it in their environment' });

const secretEntry = name('Secret', entry.extend({ inEnvironment }));

export const secretList = name('SecretList', z.object({ secrets: z.array(secretEntry), next }));

const variable = name('Variable', entry.extend({ value: z.string() }));

export const variableList = name('VariableList', z.object({ variables: z.array(variable), next }));

export const variableRequest = name('VariableRequest', z.object({ value: z.string() }));

export const secretRequest = name(
  'SecretRequest',
  z.object({ value: z.string(), inEnvironment: inEnvironment.default(false) }),
);

export const trustedRefList = name(
  'TrustedRefList',
  z.object({ refs: z.array(z.string()).meta({ description: 'globs of full names' }), next }),
);

export const trustedRefRequest = name(
  'TrustedRefRequest',
  z.object({
    refs: z
      .array(z.string().max(255))
      .max(100)
      .nullable()
      .meta({ description: 'globs of branches or of full names; null for all branches and tags' }),
  }),
);

export const credential = name(
  'Credential',
  z.object({
    repo: z.string(),
    kind: z.enum(['https', 'ssh']),
    user: z.string().nullable().meta({ description: 'with https' }),
    publicKey: z.string().nullable().meta({ description: 'with ssh: what the forge must be given as a deploy key' }),
    hostKeys: z.array(z.string()).meta({ description: 'with ssh: fingerprints of the keys that the server may show' }),
    updatedAt: time,
  }),
);

export const credentialList = name('CredentialList', z.object({ credentials: z.array(credential), next }));

export const httpsCredentialRequest = name(
  'HttpsCredentialRequest',
  z.object({
    user: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^\p{Cc}]*$/u, 'holds a control character')
      .default('git')
      .meta({ description: 'forges that take a token take any user name beside it' }),
    password: z
      .string()
      .min(1)
      .max(10_000)
      .regex(/^[^\p{Cc}]*$/u, 'holds a control character')
      .meta({ description: 'or a token' }),
  }),
);

export const sshCredentialRequest = name(
  'SshCredentialRequest',
  z.object({
    privateKey: z
      .string()
      .min(1)
      .max(48 * 1024)
      .optional()
      .meta({ description: 'without a passphrase; a new pair is made where it is absent' }),
    knownHosts: z
      .string()
      .min(1)
      .max(48 * 1024)
      .optional()
      .meta({ description: 'lines as in known_hosts; the keys that the server shows now where it is absent' }),
  }),
);

const token = z.object({
  name: z.string(),
  scope: z.enum(tokenScopes).meta({ description: 'admin holds write, write holds read' }),
  createdBy: z.string().meta({ description: 'name of the token it was made with' }),
  createdAt: time,
  lastUsedAt: time.nullable().meta({ description: 'to the minute' }),
});

export const tokenList = name('TokenList', z.object({ tokens: z.array(name('Token', token)), next }));

export const tokenRequest = name(
  'TokenRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    scope: token.shape.scope.default('read'),
  }),
);

export const newToken = name(
  'NewToken',
  token.extend({ token: z.string().meta({ description: 'to be kept now; it cannot be had again' }) }),
);

const auditEntry = name(
  'AuditEntry',
  z.object({
    id: z.number().int(),
    at: time,
    actor: z.string().meta({ description: 'name of the token, owner for the main one, unknown for a failed sign-in' }),
    address: z.string().meta({ description: 'network address that it came from' }),
    action: z.string().meta({ description: 'stable, for example builds.cancel' }),
    target: z.string().meta({ description: 'what it was done to, for example the id of a build' }),
    status: z.number().int().meta({ description: 'HTTP status of the answer' }),
  }),
);

export const auditLog = name('AuditLog', z.object({ entries: z.array(auditEntry), next }));

export const done = name('Done', z.object({ done: z.literal(true) }));

export const keyRotated = name(
  'KeyRotated',
  z.object({ keyId: z.string().meta({ description: 'tells the new key from others' }) }),
);

export const retryRequest = name(
  'RetryRequest',
  z.object({
    failed: z.boolean().default(false).meta({
      description: 'only what failed, ended in an error or was cancelled, and what depends on it',
    }),
  }),
);

export const accepted = name(
  'Accepted',
  z.object({ intent: z.number().int().meta({ description: 'id of the request, see /intents/{id}' }) }),
);

export const intent = name(
  'Intent',
  z.object({
    id: z.number().int(),
    kind: z.enum(['trigger', 'cancel', 'retry']),
    open: z.boolean().meta({ description: 'whether it has still to take effect' }),
    build: z
      .string()
      .nullable()
      .meta({ description: 'the build that a trigger made, or that a cancel or retry is about' }),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  }),
);

const vitals = name(
  'Vitals',
  z
    .object({
      memory: z.number().meta({ description: 'resident memory in bytes' }),
      cpu: z.number().meta({ description: 'processor time since the start, in seconds' }),
      lag: z
        .number()
        .meta({ description: 'longest hold-up of the event loop within the last seconds, in milliseconds' }),
      reconnects: z.number().meta({ description: 'how often Redis was lost and found again' }),
      diskFree: z.number().nullable().meta({ description: 'bytes free on the disk of the data directory' }),
      diskLow: z.boolean().meta({ description: 'less is free than VOLT_DISK_FLOOR asks for' }),
      warnings: z.object({
        count: z.number(),
        last: z
          .object({
            at: time,
            level: z.string(),
            message: z.string(),
            about: z
              .record(z.string(), z.string())
              .meta({ description: 'the work that it is about: repo, build, job, attempt, runner' }),
          })
          .nullable(),
      }),
    })
    .meta({ description: "how the member's process is doing" }),
);

const runner = name(
  'Runner',
  z.object({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    labels: z.array(z.string()),
    slots: z.number(),
    running: z
      .array(z.string().refine((text) => parseAttemptName(text) !== undefined))
      .meta({ description: 'attempts that hold a slot, as <job>.<number>' }),
    reporting: z.array(z.string()).meta({ description: 'attempts that have ended and are not recorded yet' }),
    load: z.number().meta({ description: 'load average of the machine over one minute' }),
    draining: z.boolean().optional().meta({ description: 'it has been told to stop and takes no more jobs' }),
    problems: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).meta({
      description:
        'what it fails at and goes on trying; with one of code `runner_unfit`, as for a full disk, it takes no jobs',
    }),
    vitals: vitals.optional(),
    heartbeatAt: time,
    version: z.string(),
  }),
);

export const runnerList = name('RunnerList', z.object({ runners: z.array(runner), next }));

const stageMember = name(
  'StageMember',
  z.object({
    id: z.string(),
    host: z.string(),
    pid: z.number().int(),
    version: z.string(),
    startedAt: time,
    heartbeatAt: time,
    vitals: vitals.optional(),
    problems: z
      .array(z.object({ code: z.string(), message: z.string(), remedy: z.string() }))
      .meta({ description: 'what it fails at and goes on trying' }),
  }),
);

export const queueDepth = name(
  'QueueDepth',
  z.object({
    name: z.string(),
    waiting: z.number().int(),
    prioritized: z.number().int(),
    active: z.number().int(),
    delayed: z.number().int(),
    failed: z.number().int(),
  }),
);

export const problem = name(
  'Problem',
  z.object({ code: z.string(), message: z.string(), remedy: z.string() }).meta({
    description: 'something that is not as it should be, and how to mend it',
  }),
);

export const systemStatus = name(
  'SystemStatus',
  z.object({
    version: z.string(),
    healthy: z.boolean().meta({ description: 'whether there are no problems' }),
    redis: z.object({
      reachable: z.boolean(),
      version: z.string().nullable(),
      appendOnly: z.boolean().nullable().meta({ description: 'whether it keeps an append-only file' }),
      memory: z
        .object({ used: z.number(), limit: z.number() })
        .nullable()
        .meta({ description: 'bytes; no limit is 0' }),
    }),
    record: z.object({ bytes: z.number() }),
    disk: z
      .object({ free: z.number(), total: z.number() })
      .nullable()
      .meta({ description: 'of the data directory of this stage, in bytes' }),
    stages: z.array(
      z.object({
        kind: z.enum(stageKinds),
        alive: z.boolean().nullable().meta({ description: 'null while Redis does not answer' }),
        members: z.array(stageMember),
      }),
    ),
    runners: z
      .object({
        count: z.number().int(),
        slots: z.number(),
        busy: z.number().int().meta({ description: 'slots that run an attempt' }),
        draining: z.number().int().meta({ description: 'runners that take no more jobs' }),
      })
      .nullable()
      .meta({ description: 'null while Redis does not answer' }),
    oldest: z
      .object({
        job: z.string(),
        build: z.string(),
        number: z.number().int(),
        repo: z.string(),
        name: z.string(),
        status: z.enum(['waiting', 'queued']),
        since: time,
        why: z.string(),
      })
      .nullable()
      .meta({ description: 'the job that has waited the longest, and why it waits' }),
    queues: z.array(queueDepth),
    builds: z.object({ queued: z.number().int(), running: z.number().int() }),
    problems: z.array(problem),
    warnings: z.array(problem).meta({ description: 'what works and had better be mended' }),
  }),
);

export const change = name('Change', z.object({ build: z.string(), repo: z.string(), status: z.string() }));

name('LogEnd', z.object({ status, reason, message: sentence }));

const spans = z.array(z.object({ text: z.string(), style: z.string() })).meta({
  description: 'text in one style each; style: class names such as `bold f1`, where f is the colour and b its ground',
});

export const logLines = name(
  'LogLines',
  z.object({
    attempt: z.number().int(),
    from: z.number().int().meta({ description: 'number of the first line, from 0' }),
    lines: z.array(
      z.object({
        spans,
        start: z.number().int().meta({ description: 'position of its first byte' }),
        at: time
          .nullable()
          .meta({ description: 'when it came, to a tenth of a second; null where nobody has noted it' }),
      }),
    ),
    total: z.number().int().meta({ description: 'lines that have ended by now' }),
    end: z.number().int().meta({ description: 'position in bytes after the last of them' }),
    rest: spans
      .nullable()
      .meta({ description: 'what follows them, a line that has not ended; only with the last line' }),
  }),
);

export const logHits = name(
  'LogHits',
  z.object({
    attempt: z.number().int(),
    hits: z.array(z.object({ line: z.number().int(), text: z.string() })),
    next: z
      .object({ position: z.number().int(), line: z.number().int() })
      .nullable()
      .meta({ description: 'where to search on; null after the whole log' }),
  }),
);

export const errorAnswer = name(
  'Error',
  z.object({
    error: z.object({
      code: z.string().meta({ description: 'stable' }),
      message: z.string().meta({ description: 'what happened' }),
      remedy: z.string().meta({ description: 'what to do' }),
    }),
  }),
);

export type SystemStatus = z.output<typeof systemStatus>;
export type Problem = z.output<typeof problem>;
export type QueueDepth = z.output<typeof queueDepth>;
