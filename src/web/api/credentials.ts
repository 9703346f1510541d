import * as z from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import { listCredentials, removeCredential } from '../../record/credentials.ts';
import { setDeployKey, setPassword } from '../requests/credentials.ts';
import { credential, credentialList, httpsCredentialRequest, sshCredentialRequest } from '../schemas/credentials.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const params = z.object({ name: repositoryName });
const errors: ErrorCode[] = [
  ...(['not_found', 'conflict', 'too_large', 'data_unwritable'] as const),
  ...(['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad'] as const),
];

const listing = jsonRoute({
  method: 'get',
  path: '/credentials',
  summary: 'The credentials with which repositories are fetched, without passwords and private keys',
  confidential: true,
  answer: credentialList,
  handle: async (_, { database }) => ({ credentials: await listCredentials(database), next: null }),
});

const https = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/credential/https',
  summary: 'Fetch a repository with a password or token',
  params,
  body: httpsCredentialRequest,
  answer: credential,
  errors,
  handle: async ({ params: { name }, body }, web) => setPassword(web, name, body),
});

const ssh = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/credential/ssh',
  summary: 'Fetch a repository with a deploy key, from a server with a known host key',
  params,
  body: sshCredentialRequest,
  answer: credential,
  errors: [...errors, 'bad_request', 'fetch_failed', 'tool_missing'],
  handle: async ({ params: { name }, body }, web) => setDeployKey(web, name, body),
});

const remove = jsonRoute({
  method: 'delete',
  role: 'own',
  path: '/repos/:name/credential',
  summary: 'Remove the credential of a repository',
  params,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params: { name } }, { database }) => {
    await removeCredential(database, name);
    return { done: true as const };
  },
});

export const credentialRoutes = [listing, https, ssh, remove];
