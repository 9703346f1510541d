import * as z from 'zod';
import { buildId, jobId } from '../../kernel/model/shapes.ts';
import { buildIdOf } from '../../kernel/model.ts';
import { findTest, historyOf, listTests, testOrders } from '../../record/test-history.ts';
import { type ResultFilter, resultsOf } from '../../record/test-queries.ts';
import { mayRead } from '../../record/visibility.ts';
import { noTest, readBuild, readJob, readRepository } from '../access/readable.ts';
import { repositoryName } from '../schemas/terms.ts';
import { testHistory, testList, testResultList } from '../schemas/tests.ts';
import type { Web } from '../services.ts';
import { jsonRoute } from './route.ts';

const query = z.object({
  status: z
    .enum(['all', 'failed'])
    .default('all')
    .meta({ description: 'failed: only tests that failed or had an error' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'is not the id of a result')
    .optional()
    .meta({ description: 'only results after this one' }),
});

const ofBuild = jsonRoute({
  method: 'get',
  path: '/builds/:id/tests',
  summary: "Results of single tests in the current attempts of a build's jobs",
  params: z.object({ id: buildId }),
  query,
  answer: testResultList,
  errors: ['not_found'],
  handle: async ({ params, query, requester: { reader } }, web) => {
    await readBuild(web.database, reader, params.id);
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
  handle: async ({ params, query, requester: { reader } }, web) => {
    await readJob(web.database, reader, params.id);
    return page(web, { ...query, build: buildIdOf(params.id), job: params.id });
  },
});

type Query = z.infer<typeof query>;

async function page({ database }: Web, { status, limit, ...filter }: Query & Pick<ResultFilter, 'build' | 'job'>) {
  // one more than requested shows whether there is a next page
  const results = await resultsOf(database, { ...filter, failed: status === 'failed', limit: limit + 1 });
  const tests = results.slice(0, limit);
  return { tests, next: results.length > tests.length ? (tests.at(-1)?.id ?? null) : null };
}

/** Where a page of a list begins: the sort value and the id of the last entry before it. */
const position = z
  .string()
  .max(60)
  .refine((text) => /^[\d.e+-]+~\d{1,15}$/.test(text) && Number.isFinite(Number(text.split('~')[0])), {
    error: 'is not what `next` was',
  })
  .optional()
  .meta({ description: '`next` of the page before' });

const ofRepository = jsonRoute({
  method: 'get',
  path: '/repos/:name/tests',
  summary: 'The tests of a repository: those that fail first, the newest, the failing, the slowest, or the flaky ones',
  params: z.object({ name: repositoryName }),
  query: z.object({
    sort: z.enum(testOrders).default('newest').meta({
      description:
        'state: those that fail, then flaky ones, then others, each by suite and name; failing: only tests that failed or had an error in their newest build; flaky: only tests that both passed and failed in one job of one commit, or that began to fail three times within 20 builds of a branch; the worst first',
    }),
    suite: z.string().max(1000).optional().meta({ description: 'only tests of this suite' }),
    q: z.string().max(200).optional().meta({ description: 'only tests with this text in suite or name' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    after: position,
  }),
  answer: testList,
  errors: ['not_found'],
  handle: async ({ params, query, requester: { reader } }, web) => {
    await readRepository(web.database, reader, params.name);
    return listTests(web.database, { repo: params.name, ...query });
  },
});

const history = jsonRoute({
  method: 'get',
  path: '/repos/:name/tests/:id',
  summary: 'A test and its results, newest build first',
  params: z.object({ name: repositoryName, id: z.string().regex(/^\d{1,15}$/, 'is not the id of a test') }),
  query: z.object({
    status: z
      .enum(['all', 'failed'])
      .default('all')
      .meta({ description: 'failed: only results that failed or had an error' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: position,
  }),
  answer: testHistory,
  errors: ['not_found'],
  handle: async ({ params, query, requester: { reader } }, web) => {
    const isOpen = await mayRead(web.database, reader, params.name);
    const test = isOpen ? await findTest(web.database, params.name, params.id) : undefined;
    if (!test) throw noTest(params.name, params.id);
    const { status, ...page } = query;
    return { test, ...(await historyOf(web.database, test.id, { ...page, failed: status === 'failed' })) };
  },
});

export const testRoutes = [ofBuild, ofJob, ofRepository, history];
