import * as z from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import { addProvider, changeProvider, removeProvider } from '../../record/providers.ts';
import { checkProvider, shownProviders, withRedirectUri } from '../requests/providers.ts';
import { oneProvider, providerChange, providerCheck, providerList, providerRequest } from '../schemas/providers.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { providerAddress } from '../sign-in/provider-address.ts';
import { jsonRoute } from './route.ts';

const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'data_unwritable'];
const ofProvider = z.object({ name: repositoryName });

const list = jsonRoute({
  method: 'get',
  path: '/providers',
  summary: 'The providers that people sign in at, without their secrets',
  confidential: true,
  answer: providerList,
  handle: async ({ origin }, web) => ({ providers: await shownProviders(web, origin), next: null }),
});

const add = jsonRoute({
  method: 'post',
  path: '/providers',
  summary: 'Add a provider that people sign in at',
  body: providerRequest,
  status: 201,
  answer: oneProvider,
  errors: ['name_taken', 'bad_url', 'too_large', ...keyErrors],
  handle: async ({ body: { url, allowHttp, ...body }, origin, requester: { caller } }, web) => {
    const address = providerAddress(body.kind, url, allowHttp);
    const given = { ...body, url: address, createdBy: caller?.name ?? '' };
    return withRedirectUri(web, origin, await addProvider(web.database, web.config, given));
  },
});

const change = jsonRoute({
  method: 'patch',
  path: '/providers/:name',
  summary: 'Change a provider; its kind and address stay, because they are part of the identities of people',
  params: ofProvider,
  body: providerChange,
  answer: oneProvider,
  errors: ['not_found', 'too_large', ...keyErrors],
  handle: async ({ params, body, origin }, web) =>
    withRedirectUri(web, origin, await changeProvider(web.database, web.config, params.name, body)),
});

const check = jsonRoute({
  method: 'post',
  path: '/providers/:name/check',
  summary: 'Ask a provider whether people can sign in there',
  params: ofProvider,
  answer: providerCheck,
  errors: [
    ...(['not_found', 'provider_unreachable', 'provider_refused'] as const),
    ...(['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'secrets_damaged'] as const),
  ],
  handle: async ({ params, origin }, web) => checkProvider(web, origin, params.name),
});

const remove = jsonRoute({
  method: 'delete',
  path: '/providers/:name',
  summary: 'Remove a provider: the sessions that began there end, and its groups count no more',
  params: ofProvider,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => {
    await removeProvider(database, params.name);
    return { done: true as const };
  },
});

export const providerRoutes = [list, add, change, check, remove];
