import * as z from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import { addForge, changeForge, listForges, removeForge } from '../../record/forges.ts';
import { checkForge } from '../requests/check-forge.ts';
import { forgeChange, forgeCheck, forgeList, forgeRequest, oneForge } from '../schemas/forges.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'data_unwritable'];
const ofForge = z.object({ name: repositoryName });

const list = jsonRoute({
  method: 'get',
  path: '/forges',
  summary: 'The forges that get statuses, without their tokens',
  confidential: true,
  answer: forgeList,
  handle: async (_, { database }) => ({ forges: await listForges(database), next: null }),
});

const add = jsonRoute({
  method: 'post',
  path: '/forges',
  summary: 'Add a forge; nothing is sent to it before it is checked',
  body: forgeRequest,
  status: 201,
  answer: oneForge,
  errors: ['name_taken', 'bad_url', 'too_large', ...keyErrors],
  handle: async ({ body, requester: { caller } }, { database, config }) =>
    addForge(database, config, { ...body, createdBy: caller?.name ?? '' }),
});

const change = jsonRoute({
  method: 'patch',
  path: '/forges/:name',
  summary: 'Change a forge; with a new address or token it must be checked again',
  params: ofForge,
  body: forgeChange,
  answer: oneForge,
  errors: ['not_found', 'bad_url', 'too_large', ...keyErrors],
  handle: async ({ params, body }, { database, config }) => changeForge(database, config, params.name, body),
});

const check = jsonRoute({
  method: 'post',
  path: '/forges/:name/check',
  summary: 'Check that the token may set statuses, and begin to send them',
  params: ofForge,
  answer: forgeCheck,
  errors: [
    ...(['not_found', 'conflict', 'forge_unreachable', 'forge_refused', 'forge_limited'] as const),
    ...(['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'secrets_damaged'] as const),
  ],
  handle: async ({ params }, web) => checkForge(web, params.name),
});

const remove = jsonRoute({
  method: 'delete',
  path: '/forges/:name',
  summary: 'Remove a forge, and the statuses that wait for it',
  params: ofForge,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => {
    await removeForge(database, params.name);
    return { done: true as const };
  },
});

export const forgeRoutes = [list, add, change, check, remove];
