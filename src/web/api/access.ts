import * as z from 'zod';
import { admitRunners } from '../../dispatcher/runner-rules.ts';
import { ownerName } from '../../record/handles.ts';
import { addRunnerKey, listRunnerKeys, removeRunnerKey } from '../../record/runner-keys.ts';
import { addToken, findTokenById, listTokens, removeToken, removeTokensOf } from '../../record/tokens.ts';
import { runnerKeyText } from '../../secrets/runner-key.ts';
import { newPrivateKey, signerOf } from '../../secrets/signing.ts';
import { signInUrl } from '../access/sign-in-address.ts';
import {
  newRunnerKey,
  newToken,
  removedTokens,
  runnerKeyList,
  runnerKeyRequest,
  signInAddress,
  tokenList,
  tokenRequest,
} from '../schemas/access.ts';
import { done, repositoryName } from '../schemas/terms.ts';
import { jsonRoute } from './route.ts';

const tokens = jsonRoute({
  method: 'get',
  path: '/tokens',
  summary: 'The named tokens, without their values',
  confidential: true,
  answer: tokenList,
  handle: async (_, { database }) => ({ tokens: await listTokens(database), next: null }),
});

const adding = jsonRoute({
  method: 'post',
  path: '/tokens',
  summary: 'Make a token',
  body: tokenRequest,
  status: 201,
  answer: newToken,
  errors: ['name_taken', 'not_found', 'too_large'],
  handle: async ({ body, requester: { caller } }, { database }) => {
    const { name, role, repos = null } = body;
    // a new token belongs to whom the one belongs that it is made with; one made with the main token to its own name
    const used = caller?.token ? await findTokenById(database, caller.token.id) : undefined;
    const person = body.person ?? used?.person ?? name;
    return addToken(database, { name, role, repos, person, createdBy: caller?.name ?? '' });
  },
});

const removing = jsonRoute({
  method: 'delete',
  path: '/tokens/:name',
  summary: 'Revoke a token, and the sessions of browsers that signed in with it',
  params: z.object({ name: repositoryName }),
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, { database }) => {
    await removeToken(database, params.name);
    return { done: true as const };
  },
});

const runnerKeys = jsonRoute({
  method: 'get',
  path: '/runner-keys',
  summary: 'The keys that authenticate runners',
  confidential: true,
  answer: runnerKeyList,
  handle: async (_, { database }) => ({ keys: await listRunnerKeys(database), next: null }),
});

const addingRunnerKey = jsonRoute({
  method: 'post',
  path: '/runner-keys',
  summary: 'Make a key for runners on other machines, or add the public key of a runner',
  body: runnerKeyRequest,
  status: 201,
  answer: newRunnerKey,
  errors: ['name_taken', 'too_large'],
  handle: async ({ body: { publicKey: given, ...body }, requester: { caller } }, web) => {
    const privateKey = newPrivateKey();
    const publicKey = given ?? signerOf(privateKey).publicKey;
    const about = { ...body, publicKey, own: given !== undefined, createdBy: caller?.name ?? '' };
    const made = await addRunnerKey(web.database, about);
    await admitRunners(web);
    const key = given === undefined ? runnerKeyText(body.name, privateKey, web.database.signer.publicKey) : null;
    return { ...made, key };
  },
});

const removingRunnerKey = jsonRoute({
  method: 'delete',
  path: '/runner-keys/:name',
  summary: 'Remove a key: its runners are refused, and their jobs go to other runners',
  params: z.object({ name: repositoryName }),
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, web) => {
    await removeRunnerKey(web.database, params.name);
    await admitRunners(web);
    return { done: true as const };
  },
});

const removingOf = jsonRoute({
  method: 'delete',
  path: '/people/:person/tokens',
  summary:
    'Revoke all tokens of a person, and the sessions of browsers that signed in with them; for `owner`, only the sessions of the main token',
  params: z.object({ person: repositoryName }),
  answer: removedTokens,
  errors: ['not_found'],
  handle: async ({ params: { person } }, { database, guard }) => {
    if (person !== ownerName) return removeTokensOf(database, person);
    await guard.endOwnerSessions();
    return { removed: [], madeForOthers: [] };
  },
});

const signIn = jsonRoute({
  method: 'get',
  path: '/sign-in',
  summary: 'The address at which browsers sign in',
  confidential: true,
  role: 'read',
  answer: signInAddress,
  handle: async ({ origin }, { hosts, guard: { privateHost } }) => {
    const { port, protocol } = new URL(origin);
    return { url: signInUrl({ hosts, privateHost }, port || (protocol === 'https:' ? 443 : 80)) };
  },
});

export const accessRoutes = [
  signIn,
  tokens,
  adding,
  removing,
  removingOf,
  runnerKeys,
  addingRunnerKey,
  removingRunnerKey,
];
