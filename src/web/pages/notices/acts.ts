import type { Context } from 'hono';
import { removeNoticeTarget } from '../../../record/notice-targets.ts';
import type { WebEnv } from '../../access/env.ts';
import { requesterOf } from '../../access/requester.ts';
import { addManagedTarget, managedTarget, testManagedTarget } from '../../requests/managed-targets.ts';
import type { Web } from '../../services.ts';
import { refusalOf, sentFields } from '../fields/sent-form.ts';
import { answerNotices } from './notices.tsx';
import { type TargetFields, targetFields } from './target-form.tsx';
import { requestOf } from './target-request.ts';

/** Handles the form of a new target: shows its secret once, or the form again with what is wrong. */
export async function addTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields: TargetFields = await sentFields(context, targetFields);
  context.set('target', fields.name ?? '');
  try {
    const { name, secret } = await addManagedTarget(web, requesterOf(context), requestOf(fields));
    return answerNotices(context, web, { made: { name, secret } });
  } catch (error) {
    return answerNotices(context, web, { form: { fields, refused: refusalOf(context, error) } });
  }
}

/** Handles the button that tests a target. */
export async function testTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await testManagedTarget(web, requesterOf(context), context.req.param('name') ?? '');
  return context.redirect('/notices', 303);
}

/** Handles the button that removes a target. */
export async function removeTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { name } = await managedTarget(web, requesterOf(context), context.req.param('name') ?? '');
  await removeNoticeTarget(web.database, name);
  return context.redirect('/notices', 303);
}
