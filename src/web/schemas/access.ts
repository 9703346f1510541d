import * as z from 'zod';
import { runnerKey, token } from '../../kernel/model/access-shapes.ts';
import { repositoryGlobPattern, repositoryNamePattern } from '../../kernel/names.ts';
import { keyPattern } from '../../secrets/signing.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const tokenList = name('TokenList', z.object({ tokens: z.array(name('Token', token)), next }));

export const tokenRequest = name(
  'TokenRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    role: token.shape.role.default('read'),
    repos: z
      .array(z.string().regex(repositoryNamePattern, 'is not the name of a repository'))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'only for these repositories, private ones too; not with the role admin' }),
    person: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have').optional().meta({
      description: 'its owner; by default that of the token it is made with, or its own name if that is the main token',
    }),
  }),
);

export const newToken = name(
  'NewToken',
  token.extend({ token: z.string().meta({ description: 'the value; store it now, Volt cannot show it again' }) }),
);

export const signInAddress = name('SignInAddress', z.object({ url: z.string() }));

export const runnerKeyList = name('RunnerKeyList', z.object({ keys: z.array(name('RunnerKey', runnerKey)), next }));

export const runnerKeyRequest = name(
  'RunnerKeyRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    repos: z
      .array(z.string().regex(repositoryGlobPattern, 'is not a pattern of repository names'))
      .max(100)
      .default([]),
    publicKey: z.string().regex(keyPattern, 'is not a public key').optional().meta({
      description: 'the public key that a runner prints, if it made its own key; without it, Volt makes a key',
    }),
  }),
);

export const newRunnerKey = name(
  'NewRunnerKey',
  runnerKey.extend({
    key: z.string().nullable().meta({
      description: 'VOLT_RUNNER_KEY for its runners; Volt cannot show it again; null if the request had a public key',
    }),
  }),
);

export const removedTokens = name(
  'RemovedTokens',
  z.object({
    removed: z.array(z.string()).meta({ description: 'names of the tokens that were revoked' }),
    madeForOthers: z
      .array(z.string())
      .meta({ description: 'names of tokens that were made with them for other people, and stay valid' }),
  }),
);
