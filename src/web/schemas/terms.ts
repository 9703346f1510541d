import { z } from 'zod';
import { type BuildId, type JobId, parseBuildId, parseJobId, statuses } from '../../kernel/model.ts';
import { repositoryNamePattern, shaPattern } from '../../kernel/names.ts';
import { name } from './registry.ts';

export const time = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC' });

export const status = z.enum(statuses);

export const reason = z
  .string()
  .nullable()
  .meta({ description: 'stable code that says why the status is not success, for example exit_code' });

export const sentence = z.string().nullable().meta({ description: 'a sentence for people' });

export const buildId = z
  .string()
  .refine((text) => parseBuildId(text) !== undefined, 'is not the id of a build, such as 42')
  .transform((text) => text as BuildId);

export const jobId = z
  .string()
  .refine((text) => parseJobId(text) !== undefined, 'is not the id of a job, such as 42-1')
  .transform((text) => text as JobId);

export const repositoryName = z.string().regex(repositoryNamePattern, 'is not the name of a repository');

export const fullSha = z.string().regex(shaPattern, 'is not a full commit id in lower case');

export const done = name('Done', z.object({ done: z.literal(true) }));

export const problem = name(
  'Problem',
  z.object({ code: z.string(), message: z.string(), remedy: z.string() }).meta({
    description: 'something that is not as it should be, and how to mend it',
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
