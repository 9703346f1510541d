import type { Context } from 'hono';
import { commitAddresses } from '../../../kernel/notices.ts';
import type { Caller } from '../../access/caller.ts';
import type { WebEnv } from '../../access/env.ts';
import { addOwnToken, chooseOwnMail, endOtherSessions, endOwnSession, removeOwnToken } from '../../requests/account.ts';
import { ownTokenRequest } from '../../schemas/account.ts';
import type { Web } from '../../services.ts';
import { entriesIn, refusalOf, requestFrom, sentFields } from '../fields/sent-form.ts';
import { answerAccount } from './account.tsx';
import { type TokenFields, tokenFields } from './tokens.tsx';

/** The buttons and the form of `/account`, for those who are signed in. */

export async function endSessionFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await endOwnSession(web, callerOf(context), context.req.param('id') ?? '');
  return context.redirect('/account', 303);
}

export async function chooseMailFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { to } = await sentFields(context, ['to']);
  const mail = await chooseOwnMail(web, callerOf(context), to === commitAddresses ? null : to);
  context.set('target', mail ?? commitAddresses);
  return context.redirect('/account#mail', 303);
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
  const fields: TokenFields = await sentFields(context, tokenFields);
  try {
    const made = await addOwnToken(web, caller, context.get('reader'), requestOf(fields));
    context.set('target', made.name);
    return answerAccount(context, web, caller, { made });
  } catch (error) {
    return answerAccount(context, web, caller, { form: { fields, refused: refusalOf(context, error) } });
  }
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ name, role, repos = '' }: TokenFields) {
  const named = entriesIn(repos);
  return requestFrom(ownTokenRequest, { name, role, ...(named.length > 0 && { repos: named }) });
}

function callerOf(context: Context<WebEnv>): Caller {
  const caller = context.get('caller');
  if (!caller) throw new Error('the form was not guarded');
  return caller;
}
