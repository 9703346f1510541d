import { z } from 'zod';

/*
 * The form of everything that the API takes and answers, a file for each resource. Requests are parsed by these, answers
 * leave through these, and the OpenAPI document is made of these, so that the three cannot tell different things.
 */

/** The schemas that the OpenAPI document knows by name. */
export const named = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
export function name<S extends z.ZodType>(id: string, schema: S): S {
  named.add(schema, { id });
  return schema;
}
