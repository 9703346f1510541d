import * as z from 'zod';

export const next = z
  .string()
  .nullable()
  .meta({ description: 'value of `before` for the next page; null on the last' });

export const nextAfter = z
  .string()
  .nullable()
  .meta({ description: 'value of `after` for the next page; null on the last' });

/** The query parameter that takes a list's `next`; undefined for answers that are not pages of a list. */
export function pageParameter(schema: z.ZodType): 'before' | 'after' | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (schema.shape.next === next) return 'before';
  return schema.shape.next === nextAfter ? 'after' : undefined;
}
