import type { Context } from 'hono';
import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { validationMessage } from '../../../kernel/validation-message.ts';
import type { WebEnv } from '../../access/env.ts';

/** What was typed into the fields of a form that a browser has sent, without the space around it. */
export async function sentFields<Name extends string>(
  context: Context<WebEnv>,
  names: readonly Name[],
): Promise<{ [N in Name]: string }> {
  const body = await context.req.parseBody();
  const text = (name: string) => (typeof body[name] === 'string' ? body[name].trim() : '');
  return Object.fromEntries(names.map((name) => [name, text(name)])) as { [N in Name]: string };
}

/** What a field lists, between spaces or commas. */
export function entriesIn(text = ''): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}

/**
 * What a form asks for, by the schema of the API's request, so that both have the same limits.
 * @throws VoltError `bad_request`
 */
export function requestFrom<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given, { error: validationMessage });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0] ?? '');
  const remedy = `Correct ${field === '' ? 'the form' : `"${field}"`}.`;
  throw new VoltError('bad_request', `${issue?.path.join('.')} ${issue?.message}`, { remedy, field });
}

/** Why a form was refused, to be shown with it; the answer gets the error's status. @throws errors that are not about the request */
export function refusalOf(context: Context<WebEnv>, error: unknown): VoltError {
  if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
  context.status(error.httpStatus as 400);
  return error;
}
