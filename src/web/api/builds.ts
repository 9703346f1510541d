import * as z from 'zod';
import { buildEvents } from '../../kernel/build-events.ts';
import { VoltError } from '../../kernel/errors.ts';
import { buildId } from '../../kernel/model/shapes.ts';
import { statuses } from '../../kernel/model.ts';
import { approvalMaterial } from '../../record/build-approvals.ts';
import { pageOfBuilds } from '../../record/build-search.ts';
import { readBuild } from '../access/readable.ts';
import { approveBuild } from '../requests/approvals.ts';
import { cancelBuild, retryBuild } from '../requests/builds.ts';
import { withForgeLinks } from '../requests/forge-links.ts';
import { approvalMaterialAnswer, approveBuildRequest, approved } from '../schemas/approvals.ts';
import { build, buildList } from '../schemas/builds.ts';
import { retryRequest } from '../schemas/intents.ts';
import { fullSha, pullRequestNumber, repositoryName } from '../schemas/terms.ts';
import { withWaitReasons } from '../status/queued-jobs.ts';
import { asRequest } from './intents.ts';
import { jsonRoute } from './route.ts';

const listing = jsonRoute({
  method: 'get',
  path: '/builds',
  summary: 'Builds, newest first, without their jobs',
  query: z.object({
    repo: repositoryName.optional(),
    branch: z.string().min(1).max(1024).optional(),
    status: z.enum(statuses).optional(),
    event: z.enum(buildEvents).optional().meta({ description: 'what has started it' }),
    author: z.string().min(1).max(1024).optional().meta({ description: "part of the author's name" }),
    text: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .meta({ description: "part of the commit's first line, or the beginning of its sha" }),
    failing: z
      .enum(['true', 'false'])
      .optional()
      .meta({ description: 'only the newest builds of branches and of scheduled workflows that are failing now' }),
    sha: fullSha.optional(),
    endedSince: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'only builds that have ended since then' }),
    pull: pullRequestNumber.optional().meta({ description: 'number of a pull request' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: buildId.optional().meta({ description: 'only builds older than this one' }),
  }),
  answer: buildList,
  handle: async ({ query, requester: { reader } }, { database }) => {
    const { repo, branch, status, event, author, pull, sha, text, endedSince, failing, before, limit } = query;
    const search = {
      ...{ reader, pull, sha, text, failing: failing === 'true' },
      ...{ repos: listOf(repo), branches: listOf(branch), statuses: listOf(status) },
      ...{ events: listOf(event), authors: listOf(author) },
      endedSince: endedSince === undefined ? undefined : Date.parse(endedSince),
    };
    const { builds, next = null } = await pageOfBuilds(database, search, { before, limit });
    return { builds: await withForgeLinks(database, builds), next };
  },
});

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

const one = jsonRoute({
  method: 'get',
  path: '/builds/:id',
  summary: 'A build with its jobs',
  params: z.object({ id: buildId }),
  answer: build,
  errors: ['not_found'],
  handle: async ({ params, requester: { reader } }, web) => {
    const read = await readBuild(web.database, reader, params.id);
    const [linked = read] = await withForgeLinks(web.database, [read]);
    return withWaitReasons(web, linked);
  },
});

const cancel = jsonRoute({
  ...asRequest,
  path: '/builds/:id/cancel',
  summary: 'Cancel a build: all of its jobs that have not ended',
  params: z.object({ id: buildId }),
  errors: ['not_found', 'conflict'],
  handle: async ({ params, requester }, web) => ({ intent: await cancelBuild(web, requester, params.id) }),
});

const retry = jsonRoute({
  ...asRequest,
  path: '/builds/:id/retry',
  summary: 'Run the jobs of a final build again, as further attempts',
  params: z.object({ id: buildId }),
  body: retryRequest,
  errors: ['not_found', 'conflict', 'too_large'],
  handle: async ({ params, body, requester }, web) => ({
    intent: await retryBuild(web, requester, params.id, body.failed),
  }),
});

const material = jsonRoute({
  method: 'get',
  path: '/builds/:id/approval',
  summary: 'What a pull request changes of its workflows, actions and settings, for the person who is to approve it',
  params: z.object({ id: buildId }),
  answer: approvalMaterialAnswer,
  errors: ['not_found'],
  handle: async ({ params: { id }, requester: { reader } }, { database }) => {
    await readBuild(database, reader, id);
    const found = await approvalMaterial(database, id);
    if (found) return found;
    throw new VoltError('not_found', `build ${id} needs no approval of a whole build`, {
      remedy: 'Only builds of pull requests may need it; `volt show` says what a build waits for.',
    });
  },
});

const approve = jsonRoute({
  method: 'post',
  role: 'approve',
  path: '/builds/:id/approve',
  summary: 'Approve or decline the jobs of a build that wait for approval',
  params: z.object({ id: buildId }),
  body: approveBuildRequest,
  auditedAs: ({ decline }) => (decline ? 'builds.decline' : undefined),
  answer: approved,
  errors: ['not_found', 'conflict'],
  handle: async ({ params, body, requester }, web) => ({ jobs: await approveBuild(web, requester, params.id, body) }),
});

export const buildRoutes = [listing, one, cancel, retry, material, approve];
