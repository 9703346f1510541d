import * as z from 'zod';
import { deployKeyOf, fingerprintsOf, makeDeployKey, scanHostKeys } from '../../git/access/deploy-key.ts';
import { type ErrorCode, VoltError } from '../../kernel/errors.ts';
import type { ShownCredential } from '../../kernel/model/access-shapes.ts';
import { serverTime } from '../../kernel/server-time.ts';
import { listCredentials, removeCredential, setCredential } from '../../record/credentials.ts';
import type { Repository } from '../../record/repositories.ts';
import { administrator } from '../../record/visibility.ts';
import type { Credential } from '../../secrets/credential.ts';
import { readRepository } from '../access/readable.ts';
import { announce } from '../requests/announce.ts';
import { credential, credentialList, httpsCredentialRequest, sshCredentialRequest } from '../schemas/credentials.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import type { Web } from '../services.ts';
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
  path: '/repos/:name/credential/https',
  summary: 'Fetch a repository with a password or token',
  params,
  body: httpsCredentialRequest,
  answer: credential,
  errors,
  handle: async ({ params: { name }, body: { user, password } }, web) => {
    const repository = await repositoryFor(web, name, 'https', /^https?:/i);
    const shown: ShownCredential = { kind: 'https', user, publicKey: null, hostKeys: [] };
    return set(web, repository, shown, { kind: 'https', user, password });
  },
});

const ssh = jsonRoute({
  method: 'put',
  path: '/repos/:name/credential/ssh',
  summary: 'Fetch a repository with a deploy key, from a server with a known host key',
  params,
  body: sshCredentialRequest,
  answer: credential,
  errors: [...errors, 'bad_request', 'fetch_failed', 'tool_missing'],
  handle: async ({ params: { name }, body }, web) => {
    const repository = await repositoryFor(web, name, 'ssh', /^ssh:|^(?!\w+:\/\/)[^/]*:/i);
    const knownHosts = body.knownHosts ?? (await scanHostKeys(repository.url));
    const hostKeys = await fingerprintsOf(knownHosts);
    const { privateKey, publicKey } = await (body.privateKey === undefined
      ? makeDeployKey(`volt ${name}`)
      : deployKeyOf(body.privateKey));
    const shown: ShownCredential = { kind: 'ssh', user: null, publicKey, hostKeys };
    return set(web, repository, shown, { kind: 'ssh', privateKey, knownHosts });
  },
});

const remove = jsonRoute({
  method: 'delete',
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

async function set(web: Web, { name, host }: Repository, shown: ShownCredential, value: Credential) {
  await setCredential(web.database, web.config, name, { shown, credential: value });
  await announce(web, web.queues.sendObserve(host, { v: 1, repo: name, cause: 'person' }));
  return { repo: name, ...shown, updatedAt: serverTime() };
}

/** @throws VoltError `not_found`, or `conflict` if the repository's URL is of another protocol */
async function repositoryFor({ database }: Web, name: string, kind: string, urls: RegExp): Promise<Repository> {
  const repository = await readRepository(database, administrator, name);
  if (repository.host === null && urls.test(repository.url)) return repository;
  throw new VoltError('conflict', `${name} is not fetched by ${kind}: its address is ${repository.url}`, {
    remedy: `Add the repository with an address of ${kind}, or set the other kind of credential.`,
  });
}
