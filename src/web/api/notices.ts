import * as z from 'zod';
import { type ErrorCode, VoltError } from '../../kernel/errors.ts';
import { unmute } from '../../record/notice-mutes.ts';
import { removeNoticeTarget } from '../../record/notice-targets.ts';
import { findNotice, listNotices } from '../../record/notices.ts';
import {
  addManagedTarget,
  changeManagedTarget,
  managedTarget,
  managedTargets,
  readsNoticesAbout,
  testManagedTarget,
} from '../requests/managed-targets.ts';
import {
  newTarget,
  noticeList,
  oneNotice,
  oneTarget,
  targetChange,
  targetList,
  targetRequest,
  testedTarget,
} from '../schemas/notices.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'data_unwritable'];
const addressErrors: ErrorCode[] = ['bad_url', 'bad_name', 'bad_ref', 'too_large'];
const ofTarget = z.object({ name: repositoryName });

const list = jsonRoute({
  method: 'get',
  role: 'own',
  path: '/notice-targets',
  summary: 'Where notices go, without what is secret in the addresses',
  confidential: true,
  answer: targetList,
  handle: async ({ requester }, web) => ({ targets: await managedTargets(web, requester), next: null }),
});

const add = jsonRoute({
  method: 'post',
  role: 'own',
  path: '/notice-targets',
  summary: 'Add a target of notices',
  body: targetRequest,
  status: 201,
  answer: newTarget,
  errors: ['name_taken', ...addressErrors, ...keyErrors],
  handle: async ({ body, requester }, web) => addManagedTarget(web, requester, body),
});

const change = jsonRoute({
  method: 'patch',
  role: 'own',
  path: '/notice-targets/:name',
  summary: 'Change a target of notices',
  params: ofTarget,
  body: targetChange,
  answer: oneTarget,
  errors: ['not_found', ...addressErrors, ...keyErrors, 'secrets_damaged'],
  handle: async ({ params: { name }, body, requester }, web) => changeManagedTarget(web, requester, name, body),
});

const test = jsonRoute({
  method: 'post',
  role: 'own',
  path: '/notice-targets/:name/test',
  summary: 'Send a notice that shows whether the target takes it',
  params: ofTarget,
  status: 202,
  answer: testedTarget,
  errors: ['not_found'],
  handle: async ({ params: { name }, requester }, web) => ({
    notices: (await testManagedTarget(web, requester, name)).map(String),
  }),
});

const endMutes = jsonRoute({
  method: 'delete',
  role: 'own',
  path: '/notice-targets/:name/mutes/:recipient',
  summary: 'Send a recipient of mail again what it has stopped',
  params: ofTarget.extend({ recipient: z.string().max(254).meta({ description: 'mail address' }) }),
  answer: done,
  errors: ['not_found'],
  handle: async ({ params: { name, recipient }, requester }, web) => {
    const { mutes } = await managedTarget(web, requester, name);
    if (!mutes.some((each) => each.recipient === recipient)) {
      throw new VoltError('not_found', `${recipient} has stopped nothing of ${name}`, {
        remedy: '`volt notify ls` lists who has stopped what.',
      });
    }
    await unmute(web.database, { target: name, recipient });
    return { done: true as const };
  },
});

const remove = jsonRoute({
  method: 'delete',
  role: 'own',
  path: '/notice-targets/:name',
  summary: 'Remove a target of notices, and what is known of its notices',
  params: ofTarget,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params, requester }, web) => {
    await managedTarget(web, requester, params.name);
    await removeNoticeTarget(web.database, params.name);
    return { done: true as const };
  },
});

const log = jsonRoute({
  method: 'get',
  role: 'own',
  path: '/notices',
  summary: 'What was sent, to whom and why, and what was not, newest first',
  confidential: true,
  query: z.object({
    target: repositoryName.optional(),
    build: z.coerce.number().int().min(1).optional().meta({ description: 'only notices about the build with this id' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: z.coerce.number().int().min(1).optional().meta({ description: 'only notices older than this one' }),
  }),
  answer: noticeList,
  handle: async ({ query, requester }, web) => {
    const targets = await managedTargets(web, requester);
    const shown = { of: targets.map(({ name }) => name), about: readsNoticesAbout(requester) };
    const notices = await listNotices(web.database, { ...query, ...shown });
    return { notices, next: notices.length < query.limit ? null : (notices.at(-1)?.id ?? null) };
  },
});

const one = jsonRoute({
  method: 'get',
  role: 'own',
  path: '/notices/:id',
  summary: 'A notice',
  confidential: true,
  params: z.object({ id: z.coerce.number().int().min(1) }),
  answer: oneNotice,
  errors: ['not_found'],
  handle: async ({ params, requester }, web) => {
    const found = await findNotice(web.database, params.id, readsNoticesAbout(requester));
    const targets = await managedTargets(web, requester);
    if (found && targets.some(({ name }) => name === found.target)) return found;
    throw new VoltError('not_found', `notice ${params.id} does not exist`, {
      remedy: '`volt notify log` lists the notices. They are deleted with their builds.',
    });
  },
});

export const noticeRoutes = [list, add, change, test, endMutes, remove, log, one];
