import type { Context } from 'hono';
import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { grantRole, revokeRole } from '../../../record/grants.ts';
import type { WebEnv } from '../../access/env.ts';
import { grantRequest, grantsText, revokeRequest } from '../../schemas/grants.ts';
import type { Web } from '../../services.ts';
import { entriesIn, refusalOf, requestFrom, sentFields } from '../fields/sent-form.ts';
import { answerAccess } from './access.tsx';
import { type GrantFields, grantFields } from './grant-form.tsx';

/** Handles the form that gives a role, or shows it again with what is wrong. */
export async function grantFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields: GrantFields = await sentFields(context, grantFields);
  try {
    const grants = await grantRole(web.database, requestOf(grantRequest, fields), context.get('caller')?.name ?? '');
    context.set('target', grantsText({ grants }));
    return context.redirect('/access', 303);
  } catch (error) {
    return answerAccess(context, web, { fields, refused: refusalOf(context, error) });
  }
}

/** Handles the button that takes a role away. It may be gone already, since the page was shown before. */
export async function revokeFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const request = requestOf(revokeRequest, await sentFields(context, grantFields));
  try {
    context.set('target', grantsText({ grants: await revokeRole(web.database, request) }));
  } catch (error) {
    if (!(error instanceof VoltError) || error.code !== 'not_found') throw error;
  }
  return context.redirect('/access', 303);
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf<T>(schema: z.ZodType<T>, { who, role, repos = '' }: GrantFields): T {
  const patterns = entriesIn(repos);
  return requestFrom(schema, { who, role, ...(patterns.length > 0 && { repos: patterns }) });
}
