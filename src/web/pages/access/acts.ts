import type { Context } from 'hono';
import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { validationMessage } from '../../../kernel/validation-message.ts';
import { grantRole, revokeRole } from '../../../record/grants.ts';
import type { WebEnv } from '../../access/env.ts';
import { grantRequest, grantsText, revokeRequest } from '../../schemas/grants.ts';
import type { Web } from '../../services.ts';
import { answerAccess } from './access.tsx';
import { type GrantFields, grantFields } from './grant-form.tsx';

/** Handles the form that gives a role, or shows it again with what is wrong. */
export async function grantFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields = await fieldsOf(context);
  try {
    const grants = await grantRole(web.database, requestOf(grantRequest, fields), context.get('caller')?.name ?? '');
    context.set('target', grantsText({ grants }));
    return context.redirect('/access', 303);
  } catch (error) {
    if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
    context.status(error.httpStatus as 400);
    return answerAccess(context, web, { fields, refused: error });
  }
}

/** Handles the button that takes a role away. It may be gone already, since the page was shown before. */
export async function revokeFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const request = requestOf(revokeRequest, await fieldsOf(context));
  try {
    context.set('target', grantsText({ grants: await revokeRole(web.database, request) }));
  } catch (error) {
    if (!(error instanceof VoltError) || error.code !== 'not_found') throw error;
  }
  return context.redirect('/access', 303);
}

async function fieldsOf(context: Context<WebEnv>): Promise<GrantFields> {
  const body = await context.req.parseBody();
  return Object.fromEntries(grantFields.map((name) => [name, typeof body[name] === 'string' ? body[name].trim() : '']));
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf<S extends z.ZodObject>(schema: S, { who, role, repos = '' }: GrantFields): z.output<S> {
  const patterns = repos.split(/[\s,]+/).filter((pattern) => pattern !== '');
  const request = { who, role, ...(patterns.length > 0 && { repos: patterns }) };
  const parsed = schema.safeParse(request, { error: validationMessage });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VoltError('bad_request', `${issue?.path.join('.')} ${issue?.message}`, { remedy: 'Correct the form.' });
}
