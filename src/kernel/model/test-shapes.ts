import * as z from 'zod';
import { buildId, jobId, testResult, time } from './shapes.ts';
import { testStatuses } from './statuses.ts';

/** What the database knows about single tests, and the API answers; each shape is declared here only. */

/** One test's result in the current attempt of a job. */
export const recordedResult = z.object({
  id: z.string(),
  test: z.string().meta({ description: 'id of the test, the same in all builds of the repository' }),
  job: jobId,
  ...testResult.shape,
  before: z.enum(testStatuses).nullable().meta({
    description: "the test's result in the branch's build before; null where that has no result of the test",
  }),
  flaky: z.boolean().meta({ description: 'whether the test is known to be flaky' }),
});
export type RecordedResult = z.output<typeof recordedResult>;

/** The history of a test in all builds that are kept. */
export const test = z.object({
  id: z.string(),
  suite: z.string(),
  name: z.string(),
  file: z.string().nullable(),
  status: z.enum(testStatuses).meta({ description: 'the newest' }),
  runs: z.number().int().meta({ description: 'results other than skipped' }),
  failures: z.number().int().meta({ description: 'results that failed or had an error' }),
  duration: z.number().nullable().meta({ description: 'weighted mean in which the newest count most; milliseconds' }),
  lastBuild: buildId.meta({ description: 'id of the newest build with the test' }),
  flaky: z
    .object({
      commits: z.number().int().meta({ description: 'number of commits at which it was flaky' }),
      sha: z.string().meta({ description: 'the newest of them' }),
      since: buildId.meta({ description: 'id of the first build in which it was flaky' }),
      sinceSha: z.string().nullable().meta({ description: 'commit of that build; null if the build was deleted' }),
      at: time,
    })
    .nullable(),
});
export type Test = z.output<typeof test>;

/** One result of a test, in any attempt of a job. */
export const pastResult = z.object({
  id: z.string(),
  build: buildId,
  number: z.number().int().meta({ description: 'of the build' }),
  ref: z.string(),
  sha: z.string(),
  job: jobId,
  jobName: z.string(),
  attempt: z.number().int(),
  status: z.enum(testStatuses),
  duration: z.number().nullable(),
  ...testResult.pick({ message: true, details: true, expected: true, actual: true, stack: true }).shape,
  at: time,
});
export type PastResult = z.output<typeof pastResult>;
