import * as z from 'zod';

/*
 * This folder has the schemas of everything that the API takes and answers, a file for each resource. They parse requests,
 * check answers, and make the OpenAPI document, so the three cannot differ.
 */

/** The schemas that have a name in the OpenAPI document. */
export const named = z.registry<{ id: string }>();

/** Gives a schema its name in the document. */
export function name<S extends z.ZodType>(id: string, schema: S): S {
  named.add(schema, { id });
  return schema;
}
