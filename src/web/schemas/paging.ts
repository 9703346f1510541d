import { z } from 'zod';

export const next = z
  .string()
  .nullable()
  .meta({ description: 'what `before` must be for the next page; null on the last' });

export const nextAfter = z
  .string()
  .nullable()
  .meta({ description: 'what `after` must be for the next page; null on the last' });

/** The parameter of a list's next page that takes its `next`; undefined for answers that are no pages of a list. */
export function pageParameter(schema: z.ZodType): 'before' | 'after' | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (schema.shape.next === next) return 'before';
  return schema.shape.next === nextAfter ? 'after' : undefined;
}
