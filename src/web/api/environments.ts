import * as z from 'zod';
import type { ErrorCode } from '../../kernel/errors.ts';
import { listDeployments } from '../../record/deployments.ts';
import {
  listEnvironmentSecrets,
  listEnvironmentVariables,
  removeEnvironmentEntry,
  setEnvironmentSecret,
  setEnvironmentVariable,
} from '../../record/environment-entries.ts';
import { listEnvironments, removeEnvironment } from '../../record/environments.ts';
import { readRepository } from '../access/readable.ts';
import { setRules } from '../requests/refs-of-repository.ts';
import {
  deploymentList,
  entryRequest,
  environmentAnswer,
  environmentList,
  environmentRequest,
} from '../schemas/environments.ts';
import { secretList, variableList } from '../schemas/secrets.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { jsonRoute, type Route } from './route.ts';

const ofRepository = z.object({ name: repositoryName });
const ofEnvironment = ofRepository.extend({
  environment: z.string().min(1).max(255).meta({ description: 'name, ignoring case' }),
});
const ofEntry = ofEnvironment.extend({ entry: z.string().max(300).meta({ description: 'name, ignoring case' }) });
const settingErrors: ErrorCode[] = ['bad_name', 'bad_request', 'not_found', 'conflict', 'too_large'];
const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'data_unwritable'];

const listing = jsonRoute({
  method: 'get',
  path: '/repos/:name/environments',
  summary: 'The environments of a repository that people have set',
  params: ofRepository,
  answer: environmentList,
  errors: ['not_found'],
  handle: async ({ params: { name }, requester: { reader } }, { database }) => {
    await readRepository(database, reader, name);
    return { environments: await listEnvironments(database, name), next: null };
  },
});

const setting = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/environments/:environment',
  summary: 'Set the rules of an environment; its secrets and variables stay',
  params: ofEnvironment,
  body: environmentRequest,
  answer: environmentAnswer,
  errors: [...settingErrors, 'bad_ref'],
  handle: async ({ params: { name, environment }, body }, web) => setRules(web, name, { ...body, name: environment }),
});

const removing = jsonRoute({
  method: 'delete',
  role: 'own',
  path: '/repos/:name/environments/:environment',
  summary: 'Remove an environment with its secrets and variables; jobs that name it have no rules then',
  params: ofEnvironment,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params: { name, environment } }, { database }) => {
    await removeEnvironment(database, name, environment);
    return { done: true as const };
  },
});

const secrets = jsonRoute({
  method: 'get',
  path: '/repos/:name/environments/:environment/secrets',
  summary: 'The secrets of an environment, without their values',
  params: ofEnvironment,
  confidential: true,
  role: 'own',
  answer: secretList,
  errors: ['not_found'],
  handle: async ({ params: { name, environment } }, { database }) => ({
    secrets: await listEnvironmentSecrets(database, name, environment),
    next: null,
  }),
});

const variables = jsonRoute({
  method: 'get',
  path: '/repos/:name/environments/:environment/variables',
  summary: 'The variables of an environment',
  params: ofEnvironment,
  confidential: true,
  role: 'own',
  answer: variableList,
  errors: ['not_found'],
  handle: async ({ params: { name, environment } }, { database }) => ({
    variables: await listEnvironmentVariables(database, name, environment),
    next: null,
  }),
});

const settingSecret = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/environments/:environment/secrets/:entry',
  summary: 'Set one of the secrets of an environment',
  params: ofEntry,
  body: entryRequest,
  answer: done,
  errors: [...settingErrors, ...keyErrors],
  handle: async ({ params: { name: repo, environment, entry: name }, body }, { database, config }) => {
    await setEnvironmentSecret(database, config, { repo, environment, name, value: body.value });
    return { done: true as const };
  },
});

const settingVariable = jsonRoute({
  method: 'put',
  role: 'own',
  path: '/repos/:name/environments/:environment/variables/:entry',
  summary: 'Set one of the variables of an environment',
  params: ofEntry,
  body: entryRequest,
  answer: done,
  errors: settingErrors,
  handle: async ({ params: { name: repo, environment, entry: name }, body }, { database }) => {
    await setEnvironmentVariable(database, { repo, environment, name, value: body.value });
    return { done: true as const };
  },
});

/** Removes one of the secrets, or one of the variables. */
function removingOf(plural: 'secrets' | 'variables'): Route {
  return jsonRoute({
    method: 'delete',
    role: 'own',
    path: `/repos/:name/environments/:environment/${plural}/:entry`,
    summary: `Remove one of the ${plural} of an environment`,
    params: ofEntry,
    answer: done,
    errors: ['bad_name', 'not_found'],
    handle: async ({ params: { name: repo, environment, entry: name } }, { database }) => {
      await removeEnvironmentEntry(database, `environment_${plural}`, { repo, environment, name });
      return { done: true as const };
    },
  });
}

const deployments = jsonRoute({
  method: 'get',
  path: '/repos/:name/deployments',
  summary: 'Deployments of a repository, newest first',
  params: ofRepository,
  query: z.object({
    environment: z.string().min(1).max(255).optional().meta({ description: 'only those to this one' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    before: z.coerce.number().int().min(1).optional().meta({ description: 'only those older than this one' }),
  }),
  answer: deploymentList,
  errors: ['not_found'],
  handle: async ({ params: { name }, query, requester: { reader } }, { database }) => {
    await readRepository(database, reader, name);
    // one more than requested shows whether there is a next page
    const found = await listDeployments(database, name, { ...query, limit: query.limit + 1 });
    const page = found.slice(0, query.limit);
    return { deployments: page, next: found.length > page.length ? String(page.at(-1)?.id) : null };
  },
});

export const environmentRoutes: Route[] = [
  ...[listing, setting, removing, secrets, settingSecret, removingOf('secrets')],
  ...[variables, settingVariable, removingOf('variables'), deployments],
];
