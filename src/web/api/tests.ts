import { z } from 'zod';
import { buildIdOf } from '../../kernel/model.ts';
import { findBuild, findJob } from '../../record/builds.ts';
import { type ResultFilter, resultsOf } from '../../record/test-queries.ts';
import type { Web } from '../context.ts';
import { noBuild, noJob } from '../requests.ts';
import { jsonRoute } from './route.ts';
import { buildId, jobId, testResultList } from './schemas.ts';

const query = z.object({
  status: z
    .enum(['all', 'failed'])
    .default('all')
    .meta({ description: 'failed: only those that failed or had an error' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'is not the id of a result')
    .optional()
    .meta({ description: 'only results behind this one' }),
});

const ofBuild = jsonRoute({
  method: 'get',
  path: '/builds/:id/tests',
  summary: "Results of single tests in the current attempts of a build's jobs",
  params: z.object({ id: buildId }),
  query,
  answer: testResultList,
  errors: ['not_found'],
  handle: async ({ params, query }, web) => {
    if (!(await findBuild(web.record, params.id))) throw noBuild(params.id);
    return page(web, { ...query, build: params.id });
  },
});

const ofJob = jsonRoute({
  method: 'get',
  path: '/jobs/:id/tests',
  summary: 'Results of single tests in the current attempt of a job',
  params: z.object({ id: jobId }),
  query,
  answer: testResultList,
  errors: ['not_found'],
  handle: async ({ params, query }, web) => {
    if (!(await findJob(web.record, params.id))) throw noJob(params.id);
    return page(web, { ...query, build: buildIdOf(params.id), job: params.id });
  },
});

type Query = z.infer<typeof query>;

async function page({ record }: Web, { status, limit, ...filter }: Query & Pick<ResultFilter, 'build' | 'job'>) {
  // one more than asked for tells whether there is a next page
  const results = await resultsOf(record, { ...filter, failed: status === 'failed', limit: limit + 1 });
  const tests = results.slice(0, limit);
  return { tests, next: results.length > tests.length ? (tests.at(-1)?.id ?? null) : null };
}

export const testRoutes = [ofBuild, ofJob];
