import { z } from 'zod';
import { listRepositories } from '../../record/repositories.ts';
import { hideCredentials } from '../credentials.ts';
import { triggerBuild } from '../requests.ts';
import { jsonRoute } from './route.ts';
import { accepted, repositoryList, repositoryName, triggerRequest } from './schemas.ts';

const listing = jsonRoute({
  method: 'get',
  path: '/repos',
  summary: 'The observed repositories, by name',
  answer: repositoryList,
  handle: async (_, { record }) => {
    const repos = await listRepositories(record);
    return {
      repos: repos.map(({ url, error, ...rest }) => ({
        ...rest,
        url: hideCredentials(url),
        error: error && { ...error, message: hideCredentials(error.message) },
      })),
      next: null,
    };
  },
});

const trigger = jsonRoute({
  method: 'post',
  path: '/repos/:name/trigger',
  summary: 'Build a ref now',
  params: z.object({ name: repositoryName }),
  body: triggerRequest,
  status: 202,
  answer: accepted,
  errors: ['not_found', 'bad_request', 'too_large'],
  handle: async ({ params, body }, web) => ({ intent: await triggerBuild(web, params.name, body.ref ?? null) }),
});

export const repositoryRoutes = [listing, trigger];
