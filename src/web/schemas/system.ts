import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { stageKinds } from '../../redis/membership.ts';
import { name } from './registry.ts';
import { problem } from './terms.ts';
import { vitals } from './vitals.ts';

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
        stopping: z.number().int().meta({ description: 'runners whose process ends' }),
        drained: z
          .number()
          .int()
          .meta({ description: 'further runners that take no jobs because a person has drained them' }),
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
    jobs: z
      .object({
        queued: z.number().int().meta({ description: 'jobs that wait for a runner' }),
        running: z.number().int(),
      })
      .nullable()
      .meta({ description: 'null while the database does not answer' }),
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
