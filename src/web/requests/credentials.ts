import { deployKeyOf, fingerprintsOf, makeDeployKey, scanHostKeys } from '../../git/access/deploy-key.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { ShownCredential } from '../../kernel/model/access-shapes.ts';
import { serverTime } from '../../kernel/server-time.ts';
import { setCredential } from '../../record/credentials.ts';
import type { Repository } from '../../record/repositories.ts';
import { administrator } from '../../record/visibility.ts';
import type { Credential } from '../../secrets/credential.ts';
import { readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { announcePoll } from './announce.ts';

/** With what repositories are fetched. A new credential is tried at once: it has the repository polled. */

/** A credential, without its secret part, and whose it is. */
type CredentialOf = ShownCredential & { repo: string; updatedAt: string };

/** @throws VoltError `not_found`, `conflict` if the repository has no http address, errors of the key file */
export async function setPassword(
  web: Web,
  name: string,
  { user, password }: { user: string; password: string },
): Promise<CredentialOf> {
  const repository = await repositoryFor(web, name, 'https', /^https?:/i);
  const shown: ShownCredential = { kind: 'https', user, publicKey: null, hostKeys: [] };
  return set(web, repository, shown, { kind: 'https', user, password });
}

/**
 * @param given.privateKey Volt makes a new pair without it
 * @param given.knownHosts the keys that the server shows now without it
 * @throws VoltError `not_found`, `conflict` if the repository has no ssh address, `bad_request`, `fetch_failed`, `tool_missing`,
 * errors of the key file
 */
export async function setDeployKey(
  web: Web,
  name: string,
  given: { privateKey?: string | undefined; knownHosts?: string | undefined } = {},
): Promise<CredentialOf> {
  const repository = await repositoryFor(web, name, 'ssh', /^ssh:|^(?!\w+:\/\/)[^/]*:/i);
  const knownHosts = given.knownHosts ?? (await scanHostKeys(repository.url));
  const hostKeys = await fingerprintsOf(knownHosts);
  const { privateKey, publicKey } = await (given.privateKey === undefined
    ? makeDeployKey(`volt ${name}`)
    : deployKeyOf(given.privateKey));
  const shown: ShownCredential = { kind: 'ssh', user: null, publicKey, hostKeys };
  return set(web, repository, shown, { kind: 'ssh', privateKey, knownHosts });
}

async function set(
  web: Web,
  { name, host }: Repository,
  shown: ShownCredential,
  value: Credential,
): Promise<CredentialOf> {
  await setCredential(web.database, web.config, name, { shown, credential: value });
  await announcePoll(web, { name, host });
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
