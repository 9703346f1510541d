import * as z from 'zod';
import * as shapes from '../../kernel/model/statistics-shapes.ts';
import { mostCounted, parseRange } from '../../kernel/statistics-range.ts';
import { name } from './registry.ts';

export const statisticsQuery = z.object({
  range: z
    .string()
    .transform((text, context) => {
      const range = parseRange(text);
      if (range) return range;
      context.addIssue({
        code: 'custom',
        message: 'is neither days, such as 30d, nor a number of builds, such as 100',
      });
      return z.NEVER;
    })
    .prefault('100')
    .meta({
      description: `builds of the last days, such as \`30d\` (at most 365), or the last builds, such as \`100\` (the default; at most ${mostCounted})`,
    }),
  branch: z.string().min(1).max(1024).optional().meta({ description: 'only builds of this branch' }),
});

export const repositoryStatistics = name('RepositoryStatistics', shapes.repositoryStatistics);
