import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { validationMessage } from '../../../kernel/validation-message.ts';
import type { Caller } from '../../access/caller.ts';
import type { WebEnv } from '../../access/env.ts';
import { addOwnToken, endOtherSessions, endOwnSession, removeOwnToken } from '../../requests/account.ts';
import { ownTokenRequest } from '../../schemas/account.ts';
import type { Web } from '../../services.ts';
import { answerAccount } from './account.tsx';
import { type TokenFields, tokenFields } from './tokens.tsx';

/** The buttons and the form of `/account`, for those who are signed in. */

export async function endSessionFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await endOwnSession(web, callerOf(context), context.req.param('id') ?? '');
  return context.redirect('/account', 303);
}

export async function endOthersFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await endOtherSessions(web, callerOf(context), context.get('session'));
  return context.redirect('/account', 303);
}

export async function revokeTokenFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await removeOwnToken(web, callerOf(context), context.req.param('name') ?? '');
  return context.redirect('/account#tokens', 303);
}

/** Shows the value of the new token once, or the form again with what is wrong. */
export async function makeTokenFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const caller = callerOf(context);
  const body = await context.req.parseBody();
  const fields: TokenFields = Object.fromEntries(
    tokenFields.map((name) => [name, typeof body[name] === 'string' ? body[name].trim() : '']),
  );
  try {
    const made = await addOwnToken(web, caller, context.get('reader'), requestOf(fields));
    context.set('target', made.name);
    return answerAccount(context, web, caller, { made });
  } catch (error) {
    if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
    context.status(error.httpStatus as 400);
    return answerAccount(context, web, caller, { fields, refused: error });
  }
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ name, role, repos = '' }: TokenFields) {
  const named = repos.split(/[\s,]+/).filter((repo) => repo !== '');
  const parsed = ownTokenRequest.safeParse(
    { name, role, ...(named.length > 0 && { repos: named }) },
    { error: validationMessage },
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VoltError('bad_request', `${issue?.path.join('.')} ${issue?.message}`, { remedy: 'Correct the form.' });
}

function callerOf(context: Context<WebEnv>): Caller {
  const caller = context.get('caller');
  if (!caller) throw new Error('the form was not guarded');
  return caller;
}
