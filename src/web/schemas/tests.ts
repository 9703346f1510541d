import * as z from 'zod';
import { testResult, time } from '../../kernel/model/shapes.ts';
import { testStatuses } from '../../kernel/model.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';

const recordedResult = name(
  'TestResult',
  z.object({
    id: z.string(),
    test: z.string().meta({ description: 'id of the test, the same in all builds of the repository' }),
    job: z.string(),
    ...testResult.shape,
    before: z.enum(testStatuses).nullable().meta({
      description: "the test's result in the branch's build before; null where that has no result of the test",
    }),
    flaky: z.boolean().meta({ description: 'whether the test is known to be flaky' }),
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
    duration: z.number().nullable().meta({ description: 'weighted mean in which the newest count most; milliseconds' }),
    lastBuild: z.string().meta({ description: 'id of the newest build with the test' }),
    flaky: z
      .object({
        commits: z.number().int().meta({ description: 'number of commits at which it was flaky' }),
        sha: z.string().meta({ description: 'the newest of them' }),
        since: z.string().meta({ description: 'id of the first build in which it was flaky' }),
        sinceSha: z.string().nullable().meta({ description: 'commit of that build; null if the build was deleted' }),
        at: time,
      })
      .nullable(),
  }),
);

export const testResultList = name(
  'TestResultList',
  z.object({
    tests: z.array(recordedResult),
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
    next: z.string().nullable().meta({ description: 'value of `before` for the next page' }),
  }),
);
