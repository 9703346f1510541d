import * as z from 'zod';
import { inEnvironment, secret, variable } from '../../kernel/model/access-shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const elsewhere = z
  .array(
    name(
      'EntryOwner',
      z.object({
        repo: z.string(),
        environment: z.string().nullable().meta({ description: 'null for the repository itself' }),
        count: z.int(),
      }),
    ),
  )
  .optional()
  .meta({ description: 'who else has some; only in the list of those for all repositories' });

export const secretList = name('SecretList', z.object({ secrets: z.array(name('Secret', secret)), elsewhere, next }));

export const variableList = name(
  'VariableList',
  z.object({ variables: z.array(name('Variable', variable)), elsewhere, next }),
);

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
