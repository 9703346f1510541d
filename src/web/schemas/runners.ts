import * as z from 'zod';
import { runnerDrain } from '../../kernel/model/access-shapes.ts';
import { runnerStates } from '../../kernel/model/runner-states.ts';
import { time } from '../../kernel/model/shapes.ts';
import { parseAttemptName } from '../../kernel/model.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';
import { vitals } from './vitals.ts';

const drain = name('RunnerDrain', runnerDrain);

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
    cores: z.number().optional().meta({ description: 'processors that it may use' }),
    isolation: z.string().optional().meta({ description: 'of its jobs: sandbox, user, container or none' }),
    engine: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'the container engine that it has used; null if no job needed one yet' }),
    state: z.enum(runnerStates).meta({
      description:
        'ready: takes jobs; unhealthy: takes none while it has a problem; draining: a person has drained it, and jobs are left; drained: no job is left; stopping: its process ends',
    }),
    drain: drain.nullable().meta({ description: 'the order that it takes no more jobs; null for none' }),
    canDrain: z.boolean().meta({ description: 'false for an older version, which takes jobs although it is drained' }),
    problems: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).meta({
      description:
        'what fails and is retried; with the code `runner_unfit`, for example for a full disk, it takes no jobs',
    }),
    vitals: vitals.optional(),
    heartbeatAt: time,
    version: z.string(),
  }),
);

export const runnerList = name(
  'RunnerList',
  z.object({
    runners: z.array(runner),
    away: z.array(drain).meta({ description: 'drained runners that are not connected' }),
    next: nextAfter,
  }),
);

/** Characters that a person may give as the reason of a drain. */
export const longestDrainReason = 200;

export const drainRequest = name(
  'DrainRequest',
  z.object({
    reason: z.string().max(longestDrainReason).default('').meta({ description: 'shown beside the runner' }),
  }),
);
