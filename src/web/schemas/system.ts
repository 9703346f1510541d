import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { parseAttemptName } from '../../kernel/model.ts';
import { stageKinds } from '../../redis/membership.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';
import { problem } from './terms.ts';

const vitals = name(
  'Vitals',
  z
    .object({
      memory: z.number().meta({ description: 'resident memory in bytes' }),
      cpu: z.number().meta({ description: 'processor time since the start, in seconds' }),
      lag: z.number().meta({ description: 'longest delay of the event loop within the last seconds, in milliseconds' }),
      reconnects: z.number().meta({ description: 'how often the connection to Redis was lost and restored' }),
      diskFree: z.number().nullable().meta({ description: 'bytes free on the disk of the data directory' }),
      diskLow: z.boolean().meta({ description: 'less is free than VOLT_DISK_FLOOR requires' }),
      clockAhead: z.number().optional().meta({
        description:
          "milliseconds by which its machine's clock is ahead of the Redis server's, to which all times of Volt refer",
      }),
      warnings: z.object({
        count: z.number(),
        last: z
          .object({
            at: time,
            level: z.string(),
            message: z.string(),
            about: z
              .record(z.string(), z.string())
              .meta({ description: 'what it is about: repo, build, job, attempt, runner' }),
          })
          .nullable(),
      }),
    })
    .meta({ description: 'measurements of a process' }),
);

const runner = name(
  'Runner',
  z.object({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    labels: z.array(z.string()),
    slots: z.number(),
    repos: z.array(z.array(z.string())).meta({
      description: 'patterns of the repositories that it serves; a repository must match one pattern of each list',
    }),
    running: z
      .array(z.string().refine((text) => parseAttemptName(text) !== undefined))
      .meta({ description: 'attempts that hold a slot, as <job>.<number>' }),
    reporting: z.array(z.string()).meta({ description: 'attempts that have ended and are not yet recorded' }),
    load: z.number().meta({ description: 'load average of the machine over one minute' }),
    draining: z.boolean().optional().meta({ description: 'it is stopping and takes no more jobs' }),
    problems: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).meta({
      description:
        'what fails and is retried; with the code `runner_unfit`, for example for a full disk, it takes no jobs',
    }),
    vitals: vitals.optional(),
    heartbeatAt: time,
    version: z.string(),
  }),
);

export const runnerList = name('RunnerList', z.object({ runners: z.array(runner), next: nextAfter }));

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
      .meta({ description: 'what fails and is retried' }),
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
    record: z.object({
      reachable: z.boolean(),
      bytes: z.number().nullable().meta({ description: 'null while the database does not answer' }),
    }),
    disk: z
      .object({ free: z.number(), total: z.number() })
      .nullable()
      .meta({ description: 'of the data directory of the web stage, in bytes' }),
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
      .meta({ description: 'the job that has waited longest, and why it waits' }),
    approvals: z
      .object({
        count: z.number().int(),
        oldest: z
          .object({
            ...{ job: z.string(), build: z.string(), number: z.number().int(), repo: z.string(), name: z.string() },
            since: time,
          })
          .nullable(),
      })
      .nullable()
      .meta({ description: 'jobs that wait for the approval of a person; null while the database does not answer' }),
    queues: z.array(queueDepth),
    builds: z
      .object({ queued: z.number().int(), running: z.number().int() })
      .nullable()
      .meta({ description: 'null while the database does not answer' }),
    problems: z.array(problem),
    warnings: z.array(problem).meta({ description: 'risks that should be fixed' }),
  }),
);

export type SystemStatus = z.output<typeof systemStatus>;

export type QueueDepth = z.output<typeof queueDepth>;
