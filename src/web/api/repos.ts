import * as z from 'zod';
import { hideCredentials } from '../../kernel/urls.ts';
import { type ObservedRepository, pageOfRepositories } from '../../record/repositories.ts';
import { statisticsOf } from '../../record/statistics.ts';
import { readRepository } from '../access/readable.ts';
import { requestedEvent, triggerBuild } from '../requests/builds.ts';
import {
  checkRepository,
  createRepository,
  hookOf,
  removeRepository,
  requireMaySet,
  setRepository,
} from '../requests/repositories.ts';
import { requireStartable } from '../requests/startable.ts';
import { dispatchRequest, triggerRequest } from '../schemas/intents.ts';
import {
  hook,
  hookRequest,
  newRepository,
  removed,
  repositoryAnswer,
  repositoryChange,
  repositoryList,
} from '../schemas/repositories.ts';
import { startable } from '../schemas/startable.ts';
import { repositoryStatistics, statisticsQuery } from '../schemas/statistics.ts';
import { repositoryName } from '../schemas/terms.ts';
import { asRequest } from './intents.ts';
import { jsonRoute } from './route.ts';

const ofName = z.object({ name: repositoryName });

const listing = jsonRoute({
  method: 'get',
  path: '/repos',
  summary: 'The observed repositories, by name',
  query: z.object({
    text: z.string().min(1).max(1024).optional().meta({ description: 'part of the name or the URL' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    after: repositoryName.optional().meta({ description: 'only repositories whose names come after this one' }),
  }),
  answer: repositoryList,
  handle: async ({ query, requester: { reader } }, { database }) => {
    const { repositories, next } = await pageOfRepositories(database, { ...query, reader });
    return { repos: repositories.map(shown), next };
  },
});

const adding = jsonRoute({
  method: 'post',
  path: '/repos',
  summary: 'Observe a repository',
  body: newRepository,
  status: 201,
  answer: repositoryAnswer,
  errors: ['bad_name', 'bad_url', 'no_repository', 'bad_ref', 'bad_setting', 'name_taken', 'conflict', 'too_large'],
  handle: async ({ body }, web) => shown(await createRepository(web, body)),
});

const one = jsonRoute({
  method: 'get',
  path: '/repos/:name',
  summary: 'An observed repository',
  params: ofName,
  answer: repositoryAnswer,
  errors: ['not_found'],
  handle: async ({ params, requester: { reader } }, { database }) =>
    shown(await readRepository(database, reader, params.name)),
});

const statistics = jsonRoute({
  method: 'get',
  path: '/repos/:name/statistics',
  summary: 'How the builds of a repository have been: verdicts, durations, waiting and tests, over a range',
  params: ofName,
  query: statisticsQuery,
  answer: repositoryStatistics,
  errors: ['not_found'],
  handle: async ({ params: { name }, query: { range, branch }, requester: { reader } }, { database }) => {
    await readRepository(database, reader, name);
    return statisticsOf(database, { repo: name, ref: branch && `refs/heads/${branch}`, range });
  },
});

const changing = jsonRoute({
  method: 'patch',
  role: 'own',
  path: '/repos/:name',
  summary:
    'Change the settings of a repository; the command, which only administrators change, builds the heads of its branches again',
  params: ofName,
  body: repositoryChange,
  answer: repositoryAnswer,
  errors: ['not_found', 'bad_ref', 'bad_setting', 'too_large'],
  handle: async ({ params, body, requester }, web) => {
    requireMaySet(requester, params.name, body);
    return shown(await setRepository(web, params.name, body));
  },
});

const checking = jsonRoute({
  method: 'post',
  role: 'run',
  status: 202,
  path: '/repos/:name/check',
  summary: 'Poll a repository now; `error` or a new `observedAt` of the repository then says whether Volt can fetch it',
  params: ofName,
  answer: repositoryAnswer,
  errors: ['not_found'],
  handle: async ({ params }, web) => shown(await checkRepository(web, params.name)),
});

const removing = jsonRoute({
  method: 'delete',
  path: '/repos/:name',
  summary: 'Stop observing a repository and cancel its open builds; its history stays, unless it is purged',
  params: ofName,
  query: z.object({
    purge: z
      .enum(['0', '1'])
      .default('0')
      .meta({ description: '1 to delete its builds, logs and results, also of a repository that was removed before' }),
  }),
  answer: removed,
  errors: ['not_found'],
  handle: async ({ params, query }, web) => {
    const purge = query.purge === '1';
    return { cancelled: await removeRepository(web, params.name, purge), purge };
  },
});

const trigger = jsonRoute({
  ...asRequest,
  path: '/repos/:name/trigger',
  summary: 'Build a ref now, or run one workflow of it',
  params: ofName,
  body: triggerRequest,
  errors: ['not_found', 'bad_ref', 'bad_request', 'conflict', 'too_large'],
  handle: async ({ params, body: { ref = null, ...wanted }, requester }, web) => ({
    intent: await triggerBuild(web, requester, params.name, ref, requestedEvent(wanted)),
  }),
});

/** Milliseconds to wait for an observer: it may have to fetch the repository first. */
const patience = 10_000;

const startableRoute = jsonRoute({
  method: 'get',
  path: '/repos/:name/workflows',
  summary: 'The workflows that a person can start at a ref, with their inputs, as an observer reads them now',
  // a fetch, which nobody without that right can cause
  confidential: true,
  role: 'run',
  params: ofName,
  query: z.object({
    ref: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ description: 'branch, tag or commit; the default branch by default' }),
  }),
  answer: startable,
  errors: ['not_found', 'bad_ref', 'commit_missing', 'fetch_failed', 'conflict', 'timed_out'],
  handle: async ({ params, query: { ref = null }, requester }, web) => {
    const repository = await readRepository(web.database, requester.reader, params.name);
    return requireStartable(web, repository, ref, patience);
  },
});

const dispatch = jsonRoute({
  ...asRequest,
  path: '/repos/:name/dispatches',
  summary: 'Run the workflows of the default branch that wait for a `repository_dispatch`',
  params: ofName,
  body: dispatchRequest,
  errors: ['not_found', 'bad_request', 'conflict', 'too_large'],
  handle: async ({ params, body: { event_type: type, client_payload: payload = {} }, requester }, web) => ({
    intent: await triggerBuild(web, requester, params.name, null, {
      name: 'repository_dispatch',
      type,
      payload: z.json().parse(payload),
    }),
  }),
});

const hookSetting = jsonRoute({
  method: 'post',
  role: 'own',
  path: '/repos/:name/hook',
  summary: 'The address and the secret of the webhook, which is created on the first call',
  params: ofName,
  body: hookRequest,
  answer: hook,
  errors: ['not_found', 'too_large'],
  handle: async ({ params, body }, web) => hookOf(web, params.name, body),
});

/** The repository without the credentials that its URL may contain. */
function shown({ url, error, tagsSeen: _, ...rest }: ObservedRepository) {
  return {
    ...rest,
    url: hideCredentials(url),
    error: error && { ...error, message: hideCredentials(error.message) },
  };
}

export const repositoryRoutes = [
  listing,
  adding,
  one,
  statistics,
  changing,
  checking,
  removing,
  trigger,
  startableRoute,
  dispatch,
  hookSetting,
];
