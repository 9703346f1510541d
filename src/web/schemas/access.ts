import { z } from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { repositoryGlobPattern, repositoryNamePattern } from '../../kernel/names.ts';
import { tokenScopes } from '../../kernel/token-scope.ts';
import { keyPattern } from '../../secrets/signing.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const token = z.object({
  name: z.string(),
  scope: z.enum(tokenScopes).meta({ description: 'admin holds write, write holds read' }),
  repos: z
    .array(z.string())
    .nullable()
    .meta({ description: 'the repositories that it is for, private ones too; null for all that are not private' }),
  person: z.string().meta({ description: 'whose it is' }),
  createdBy: z.string().meta({ description: 'name of the token it was made with' }),
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
    person: z
      .string()
      .regex(repositoryNamePattern, 'has characters that a name cannot have')
      .optional()
      .meta({ description: 'whose it is; else that of the token it is made with, and its own name with the main one' }),
  }),
);

export const newToken = name(
  'NewToken',
  token.extend({ token: z.string().meta({ description: 'to be kept now; it cannot be had again' }) }),
);

export const signInAddress = name('SignInAddress', z.object({ url: z.string() }));

const runnerKey = z.object({
  name: z.string(),
  publicKey: z.string().meta({ description: 'Ed25519, base64url of 32 bytes' }),
  repos: z
    .array(z.string())
    .meta({ description: 'patterns of the repositories that its runners are kept for; empty for all' }),
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
      .array(z.string().regex(repositoryGlobPattern, 'is no pattern of names of repositories'))
      .max(100)
      .default([]),
    publicKey: z.string().regex(keyPattern, 'is no public key').optional().meta({
      description:
        'of a runner that has made its key itself and is to be taken in, as it tells it; without it a key is made',
    }),
  }),
);

export const newRunnerKey = name(
  'NewRunnerKey',
  runnerKey.extend({
    key: z.string().nullable().meta({
      description:
        'what its runners are started with (VOLT_RUNNER_KEY); it cannot be had again; null where the public key was given',
    }),
  }),
);

export const removedTokens = name(
  'RemovedTokens',
  z.object({
    removed: z.array(z.string()).meta({ description: 'names of the tokens that were revoked' }),
    madeForOthers: z
      .array(z.string())
      .meta({ description: 'names of tokens that were made with them for somebody else, and are good still' }),
  }),
);

const auditEntry = name(
  'AuditEntry',
  z.object({
    id: z.number().int(),
    at: time,
    actor: z.string().meta({ description: 'name of the token, owner for the main one, unknown for a failed sign-in' }),
    address: z.string().meta({ description: 'network address that it came from' }),
    action: z.string().meta({ description: 'stable, for example builds.cancel' }),
    target: z.string().meta({ description: 'what it was done to, for example the id of a build' }),
    status: z.number().int().meta({ description: 'HTTP status of the answer' }),
  }),
);

export const auditLog = name('AuditLog', z.object({ entries: z.array(auditEntry), next }));
