import * as z from 'zod';
import { buildId, time } from './shapes.ts';

/** How the builds of a repository have been; each shape is declared here only. */

const count = z.number().int().min(0);
const milliseconds = z.number().min(0);

/** Percentiles by nearest rank, see https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method. */
const percentiles = z.object({
  p50: milliseconds.meta({ description: 'milliseconds; half of them take at most this' }),
  p95: milliseconds.meta({ description: 'milliseconds; 95 of 100 take at most this' }),
});
export type Percentiles = z.output<typeof percentiles>;

const verdicts = {
  passed: count,
  failed: count,
  errors: count.meta({ description: 'builds that ended in an error, which their commits have not caused' }),
};

const times = {
  duration: percentiles.nullable().meta({ description: 'of the builds that passed or failed; null without one' }),
  wait: percentiles
    .nullable()
    .meta({ description: "the first job's wait for a runner; null if no build has waited for one" }),
};

/** Builds that are one point of the charts. */
export const statisticsGroup = z.object({
  from: time,
  to: time,
  builds: z
    .object({ first: buildId, firstNumber: count, last: buildId, lastNumber: count })
    .nullable()
    .meta({ description: 'the oldest and the newest of its builds; null without a build' }),
  ...verdicts,
  ...times,
  tests: z
    .object({ total: count, failed: count, skipped: count })
    .nullable()
    .meta({ description: 'of its newest build that passed or failed; null if that has reported none' }),
});
export type StatisticsGroup = z.output<typeof statisticsGroup>;

export const jobStatistics = z.object({
  name: z.string(),
  workflow: z.string().nullable(),
  runs: count,
  failed: count,
  duration: percentiles,
  newest: z.array(milliseconds).meta({ description: 'durations of its newest runs, at most 40, oldest first' }),
});
export type JobStatistics = z.output<typeof jobStatistics>;

export const repositoryStatistics = z.object({
  complete: z.boolean().meta({ description: 'whether all builds of the range are counted, or only the newest 2,000' }),
  ...verdicts,
  ...times,
  groups: z.array(statisticsGroup).meta({
    description:
      'oldest first, at most some hundred: of a range of days equal spans of time, of a number of builds as many builds each',
  }),
  jobs: z.array(jobStatistics).meta({
    description: 'the jobs that take longest, of the newest 12,000 that have run',
  }),
});
export type RepositoryStatistics = z.output<typeof repositoryStatistics>;
