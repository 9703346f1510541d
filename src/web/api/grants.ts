import * as z from 'zod';
import { roles } from '../../kernel/roles.ts';
import { pageOfGrants } from '../../record/grant-lists.ts';
import { grantRole, revokeRole } from '../../record/grants.ts';
import { reasonsFor } from '../requests/access-reasons.ts';
import {
  accessReasons,
  grantList,
  grantPage,
  grantRequest,
  grantsText,
  revokeRequest,
  who,
} from '../schemas/grants.ts';
import { repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const list = jsonRoute({
  method: 'get',
  path: '/access',
  summary: 'The roles that were given to people and groups',
  confidential: true,
  query: z.object({
    who: who.optional(),
    role: z.enum(roles).optional(),
    repo: repositoryName.optional().meta({ description: 'only grants that fit this repository' }),
    ...grantPage,
  }),
  answer: grantList,
  handle: async ({ query }, { database }) => pageOfGrants(database, query),
});

const grant = jsonRoute({
  method: 'post',
  path: '/access/grant',
  summary: 'Give a role to a person or a group',
  body: grantRequest,
  answer: grantList,
  auditedTarget: grantsText,
  errors: ['bad_name', 'not_found', 'conflict'],
  handle: async ({ body, requester: { caller } }, { database }) => ({
    grants: await grantRole(database, body, caller?.name ?? ''),
    next: null,
  }),
});

const revoke = jsonRoute({
  method: 'post',
  path: '/access/revoke',
  summary: 'Take roles away from a person or a group; sessions and streams lose them within a minute',
  body: revokeRequest,
  answer: grantList,
  auditedTarget: grantsText,
  errors: ['bad_name', 'not_found'],
  handle: async ({ body }, { database }) => ({ grants: await revokeRole(database, body), next: null }),
});

const why = jsonRoute({
  method: 'get',
  path: '/repos/:name/access/:person',
  summary: 'Why a person may do in a repository what they may, and what they may not',
  confidential: true,
  role: 'own',
  params: z.object({ name: repositoryName, person: repositoryName }),
  answer: accessReasons,
  errors: ['not_found'],
  handle: async ({ params: { name: repo, person }, requester: { reader } }, web) =>
    reasonsFor(web, reader, { person, repo }),
});

const ofRepository = jsonRoute({
  method: 'get',
  path: '/repos/:name/access',
  summary: 'The roles of people and groups in a repository',
  confidential: true,
  role: 'own',
  params: z.object({ name: repositoryName }),
  query: z.object(grantPage),
  answer: grantList,
  errors: ['not_found'],
  handle: async ({ params: { name: repo }, query }, { database }) => pageOfGrants(database, { repo, ...query }),
});

export const grantRoutes = [list, grant, revoke, ofRepository, why];
