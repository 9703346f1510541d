import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const entry = z.object({
  name: z.string(),
  repo: z.string().nullable().meta({ description: 'null for all repositories' }),
  updatedAt: time,
});

const inEnvironment = z.boolean().meta({ description: 'whether jobs without a workflow have it in their environment' });

const secretEntry = name('Secret', entry.extend({ inEnvironment }));

export const secretList = name('SecretList', z.object({ secrets: z.array(secretEntry), next }));

const variable = name('Variable', entry.extend({ value: z.string() }));

export const variableList = name('VariableList', z.object({ variables: z.array(variable), next }));

export const variableRequest = name('VariableRequest', z.object({ value: z.string() }));

export const secretRequest = name(
  'SecretRequest',
  z.object({ value: z.string(), inEnvironment: inEnvironment.default(false) }),
);

export const trustedRefList = name(
  'TrustedRefList',
  z.object({ refs: z.array(z.string()).meta({ description: 'globs of full names' }), next }),
);

export const trustedRefRequest = name(
  'TrustedRefRequest',
  z.object({
    refs: z
      .array(z.string().max(255))
      .max(100)
      .nullable()
      .meta({ description: 'globs of branches or of full names; null for the default branch and tags' }),
  }),
);

export const keyRotated = name(
  'KeyRotated',
  z.object({ keyId: z.string().meta({ description: 'id of the new key' }) }),
);
