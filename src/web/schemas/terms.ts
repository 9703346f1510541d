import * as z from 'zod';
import { repositoryNamePattern, shaPattern } from '../../kernel/names.ts';
import { name } from './registry.ts';

export const repositoryName = z.string().regex(repositoryNamePattern, 'is not the name of a repository');

export const fullSha = z.string().regex(shaPattern, 'is not a full commit id in lower case');

export const pullRequestNumber = z.coerce.number().int().min(1).max(2_147_483_647);

export const done = name('Done', z.object({ done: z.literal(true) }));

export const problem = name(
  'Problem',
  z.object({ code: z.string(), message: z.string(), remedy: z.string() }).meta({
    description: 'a problem and how to fix it',
  }),
);

export const errorAnswer = name(
  'Error',
  z.object({
    error: z.object({
      code: z.string().meta({ description: 'stable' }),
      message: z.string().meta({ description: 'what happened' }),
      remedy: z.string().meta({ description: 'what to do' }),
    }),
  }),
);

export type Problem = z.output<typeof problem>;
