import * as z from 'zod';
import { commitAddresses } from '../../kernel/notices.ts';
import {
  accountOf,
  addOwnToken,
  chooseOwnMail,
  endOtherSessions,
  endOwnSession,
  ownSessions,
  ownTokens,
  removeOwnToken,
  removeSentToken,
} from '../requests/account.ts';
import { newToken, tokenList } from '../schemas/access.ts';
import { account, endedSessions, mailChoice, ownTokenRequest, revokedToken, sessionList } from '../schemas/account.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { ownRoute } from './route.ts';

const one = ownRoute({
  method: 'get',
  path: '/account',
  summary: 'Who you are here, and what you may do',
  answer: account,
  handle: async ({ caller }, web) => accountOf(web, caller),
});

const choosingMail = ownRoute({
  method: 'put',
  path: '/account/mail',
  summary: 'Choose to which of your addresses mail goes',
  body: mailChoice,
  answer: mailChoice,
  auditedTarget: ({ mail }) => mail ?? commitAddresses,
  handle: async ({ caller, body }, web) => ({ mail: await chooseOwnMail(web, caller, body.mail) }),
});

const sessions = ownRoute({
  method: 'get',
  path: '/account/sessions',
  summary:
    'The browsers in which you are signed in, newest first; with a token that may less than you, those that signed in with it',
  answer: sessionList,
  handle: async ({ caller, session }, web) => ({ ...(await ownSessions(web, caller, session)), next: null }),
});

const endingOthers = ownRoute({
  method: 'post',
  path: '/account/sessions/end-others',
  summary:
    'End all your sessions but the one that this request is sent with; with a token of yours, those that began ten minutes ago or earlier',
  answer: endedSessions,
  auditedTarget: ({ ended }) => `${ended} sessions`,
  handle: async ({ caller, session }, web) => ({ ended: await endOtherSessions(web, caller, session) }),
});

const ending = ownRoute({
  method: 'delete',
  path: '/account/sessions/:id',
  summary: 'End one of your sessions',
  params: z.object({ id: z.string().max(100) }),
  answer: done,
  errors: ['not_found', 'conflict'],
  handle: async ({ caller, params }, web) => {
    await endOwnSession(web, caller, params.id);
    return { done: true as const };
  },
});

const tokens = ownRoute({
  method: 'get',
  path: '/account/tokens',
  summary: 'Your tokens, without their values',
  answer: tokenList,
  handle: async ({ caller }, web) => ({ tokens: await ownTokens(web, caller), next: null }),
});

const adding = ownRoute({
  method: 'post',
  path: '/account/tokens',
  summary: 'Make a token that acts as you; from a browser in which you are signed in',
  body: ownTokenRequest,
  status: 201,
  answer: newToken,
  errors: ['name_taken', 'not_found', 'conflict', 'role_needed', 'too_large'],
  handle: async ({ caller, body, requester: { reader } }, web) => addOwnToken(web, caller, reader, body),
});

const removing = ownRoute({
  method: 'delete',
  path: '/account/tokens/:name',
  summary: 'Revoke one of your tokens, and the sessions that began with it',
  params: z.object({ name: repositoryName }),
  answer: done,
  errors: ['not_found'],
  handle: async ({ caller, params }, web) => {
    await removeOwnToken(web, caller, params.name);
    return { done: true as const };
  },
});

const removingSent = ownRoute({
  method: 'delete',
  path: '/account/token',
  summary: 'Revoke the token that this request is sent with',
  answer: revokedToken,
  errors: ['bad_request'],
  handle: async ({ caller }, web) => ({ name: await removeSentToken(web, caller) }),
});

export const accountRoutes = [
  one,
  choosingMail,
  sessions,
  endingOthers,
  ending,
  tokens,
  adding,
  removing,
  removingSent,
];
