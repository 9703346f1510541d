import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { repositoryGlobPattern, repositoryNamePattern } from '../../kernel/names.ts';
import { tokenScopes } from '../../kernel/token-scope.ts';
import { keyPattern } from '../../secrets/signing.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const token = z.object({
  name: z.string(),
  scope: z.enum(tokenScopes).meta({ description: 'admin includes write, write includes read' }),
  repos: z
    .array(z.string())
    .nullable()
    .meta({ description: 'the repositories that it is for, private ones too; null for all that are not private' }),
  person: z.string().meta({ description: 'its owner' }),
  createdBy: z.string().meta({ description: 'name of the token that it was made with' }),
  createdAt: time,
  lastUsedAt: time.nullable().meta({ description: 'to the minute' }),
});

export const tokenList = name('TokenList', z.object({ tokens: z.array(name('Token', token)), next }));

export const tokenRequest = name(
  'TokenRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    scope: token.shape.scope.default('read'),
    repos: z
      .array(z.string().regex(repositoryNamePattern, 'is not the name of a repository'))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'only for these repositories, private ones too; not with the scope admin' }),
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

const runnerKey = z.object({
  name: z.string(),
  publicKey: z.string().meta({ description: 'Ed25519, base64url of 32 bytes' }),
  repos: z
    .array(z.string())
    .meta({ description: 'patterns of the repositories that its runners serve; empty for all' }),
  own: z.boolean().meta({ description: 'made by runners that share the data directory of the dispatcher' }),
  createdBy: z.string(),
  createdAt: time,
});

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

const auditEntry = name(
  'AuditEntry',
  z.object({
    id: z.number().int(),
    at: time,
    actor: z.string().meta({ description: 'name of the token, owner for the main one, unknown for a failed sign-in' }),
    address: z.string().meta({ description: 'network address of the sender' }),
    action: z.string().meta({ description: 'stable, for example builds.cancel' }),
    target: z.string().meta({ description: 'what was changed, for example the id of a build' }),
    status: z.number().int().meta({ description: 'HTTP status of the answer' }),
  }),
);

export const auditLog = name('AuditLog', z.object({ entries: z.array(auditEntry), next }));
