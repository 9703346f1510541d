import * as z from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import type { Role } from '../../kernel/roles.ts';
import { ownersOf } from '../../record/entry-owners.ts';
import type { EntryOwner } from '../../record/scoped-entries.ts';
import { rotateKey } from '../../record/secret-key.ts';
import { listSecrets, removeSecret, setSecret } from '../../record/secrets.ts';
import { trustedRefs } from '../../record/trust.ts';
import { listVariables, removeVariable, setVariable } from '../../record/variables.ts';
import { trustRefs } from '../requests/refs-of-repository.ts';
import {
  keyRotated,
  secretList,
  secretRequest,
  trustedRefList,
  trustedRefRequest,
  variableList,
  variableRequest,
} from '../schemas/secrets.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import type { Web } from '../services.ts';
import { jsonRoute, type Route } from './route.ts';

const settingErrors: ErrorCode[] = ['bad_name', 'not_found', 'conflict', 'too_large'];
const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'data_unwritable'];

/** Operations on secrets or variables of one owner. Values of secrets are never answered. */
interface Entries {
  /** name in the path */
  plural: 'secrets' | 'variables';
  list: z.ZodType;
  errors: ErrorCode[];
  read(web: Web, owner: EntryOwner): Promise<object>;
  request: z.ZodObject;
  set(web: Web, owner: EntryOwner, name: string, body: object): Promise<void>;
  remove(web: Web, owner: EntryOwner, name: string): Promise<void>;
}

const secrets: Entries = {
  plural: 'secrets',
  list: secretList,
  errors: keyErrors,
  read: async ({ database }, owner) => ({ secrets: await listSecrets(database, owner), next: null }),
  request: secretRequest,
  set: ({ database, config }, repo, name, body) =>
    setSecret(database, config, { repo, name, ...(body as z.output<typeof secretRequest>) }),
  remove: ({ database }, repo, name) => removeSecret(database, repo, name),
};

const variables: Entries = {
  plural: 'variables',
  list: variableList,
  errors: [],
  read: async ({ database }, owner) => ({ variables: await listVariables(database, owner), next: null }),
  request: variableRequest,
  set: ({ database }, repo, name, body) =>
    setVariable(database, { repo, name, ...(body as z.output<typeof variableRequest>) }),
  remove: ({ database }, repo, name) => removeVariable(database, repo, name),
};

const entry = z.string().max(300).meta({ description: 'name, ignoring case' });
const ofRepository = z.object({ name: repositoryName });

interface EntryParams {
  /** the repository; missing for all repositories */
  name?: string;
  entry: string;
}

/** The routes for secrets or variables, of one repository or of all. */
function routesOf(
  { plural, list, errors, read, request, set, remove }: Entries,
  { path, params, words, role }: { path: string; params: z.ZodObject; words: string; role: Role },
): Route[] {
  const own = params.extend({ entry });
  return [
    jsonRoute({
      ...{ method: 'get', role },
      path: `${path}/${plural}`,
      summary: `The ${plural} of ${words}${plural === 'secrets' ? ', without their values' : ''}`,
      params,
      confidential: true,
      answer: list,
      handle: async ({ params: given, requester: { reader } }, web) => {
        const { name: repo = null } = given as Partial<EntryParams>;
        const owned = await read(web, repo);
        return repo === null ? { ...owned, elsewhere: await ownersOf(web.database, plural, reader) } : owned;
      },
    }),
    jsonRoute({
      ...{ method: 'put', role },
      path: `${path}/${plural}/:entry`,
      summary: `Set one of the ${plural} of ${words}`,
      params: own,
      body: request,
      answer: done,
      errors: [...settingErrors, ...errors],
      handle: async ({ params: given, body }, web) => {
        const { name: repo = null, entry: name } = given as object as EntryParams;
        await set(web, repo, name, body);
        return { done: true as const };
      },
    }),
    jsonRoute({
      ...{ method: 'delete', role },
      path: `${path}/${plural}/:entry`,
      summary: `Remove one of the ${plural} of ${words}`,
      params: own,
      answer: done,
      errors: ['bad_name', 'not_found'],
      handle: async ({ params: given }, web) => {
        const { name: repo = null, entry: name } = given as object as EntryParams;
        await remove(web, repo, name);
        return { done: true as const };
      },
    }),
  ];
}

const owners: Parameters<typeof routesOf>[1][] = [
  { path: '', params: z.object({}), words: 'all repositories', role: 'admin' },
  { path: '/repos/:name', params: ofRepository, words: 'a repository', role: 'own' },
];

const trusted = jsonRoute({
  method: 'get',
  role: 'own',
  path: '/repos/:name/trusted-refs',
  summary: 'The refs of a repository whose builds may have secrets',
  params: ofRepository,
  confidential: true,
  answer: trustedRefList,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => ({ refs: await trustedRefs(database, params.name), next: null }),
});

const trust = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/trusted-refs',
  summary: 'Set which refs of a repository may have secrets',
  params: ofRepository,
  body: trustedRefRequest,
  answer: trustedRefList,
  errors: ['not_found', 'bad_ref'],
  handle: async ({ params: { name }, body }, web) => {
    await trustRefs(web, name, body.refs);
    return { refs: await trustedRefs(web.database, name), next: null };
  },
});

const rotate = jsonRoute({
  method: 'post',
  path: '/secrets/rotate',
  summary: 'Make a new key and encrypt all secrets with it',
  answer: keyRotated,
  errors: [...keyErrors, 'secrets_damaged'],
  handle: async (_, { database, config }) => ({ keyId: await rotateKey(database, config) }),
});

export const secretRoutes: Route[] = [
  ...[secrets, variables].flatMap((kind) => owners.flatMap((owner) => routesOf(kind, owner))),
  rotate,
  trusted,
  trust,
];
