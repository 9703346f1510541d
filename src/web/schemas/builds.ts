import { z } from 'zod';
import { triggers } from '../../kernel/model.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';
import { reason, sentence, status, time } from './terms.ts';
import { testSummary } from './tests.ts';

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
    triesAgainAt: time.nullable().meta({
      description: 'while it waits to be tried again: when its next attempt may begin at the earliest',
    }),
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

export const buildList = name('BuildList', z.object({ builds: z.array(buildSummary), next }));

export const change = name('Change', z.object({ build: z.string(), repo: z.string(), status: z.string() }));
