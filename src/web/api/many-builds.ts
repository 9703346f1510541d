import { cancelQueued, manyText, retryErrors } from '../requests/many-builds.ts';
import { cancelQueuedRequest, requestedOfMany, retryErrorsRequest } from '../schemas/many-builds.ts';
import { jsonRoute } from './route.ts';

const cancelling = jsonRoute({
  method: 'post',
  role: 'run',
  status: 202,
  path: '/builds/cancel-queued',
  summary: 'Cancel the builds of a branch that no job has begun',
  body: cancelQueuedRequest,
  answer: requestedOfMany,
  auditedTarget: manyText,
  errors: ['not_found', 'conflict', 'too_large'],
  handle: async ({ body: { builds, ...of }, requester }, web) => cancelQueued(web, requester, of, builds),
});

const retrying = jsonRoute({
  method: 'post',
  role: 'run',
  status: 202,
  path: '/builds/retry-errors',
  summary: 'Run again what did not succeed of the builds that have ended in an error since a time',
  body: retryErrorsRequest,
  answer: requestedOfMany,
  auditedTarget: manyText,
  errors: ['not_found', 'conflict', 'too_large'],
  handle: async ({ body: { since, repo, builds }, requester }, web) =>
    retryErrors(web, requester, { since: Date.parse(since), repo }, builds),
});

export const manyBuildsRoutes = [cancelling, retrying];
