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

/** A value of a form that does not fit the schema of the request. */
export class WrongField extends VoltError {
  /** what is wrong, where it is clear which field is meant */
  readonly beside: string;

  /** @param problem a half sentence, such as "must be a number" */
  constructor(path: readonly PropertyKey[], problem: string) {
    const field = path.findLast((part) => typeof part === 'string');
    const remedy = `Correct ${field === undefined ? 'the form' : `"${field}"`}.`;
    super('bad_request', `${path.join('.')} ${problem}`, { remedy, ...(field !== undefined && { field }) });
    this.beside = `This ${problem}.`;
  }
}

/**
 * What a form asks for, by the schema of the API's request, so that both have the same limits.
 * @throws WrongField
 */
export function requestFrom<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given, { error: validationMessage });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WrongField(issue?.path ?? [], issue?.message ?? 'is wrong');
}

/** Why a form was refused, to be shown with it; the answer gets the error's status. @throws errors that are not about the request */
export function refusalOf(context: Context<WebEnv>, error: unknown): VoltError {
  if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
  context.status(error.httpStatus as 400);
  return error;
}
