import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { validationMessage } from '../../../kernel/validation-message.ts';
import { removeNoticeTarget } from '../../../record/notice-targets.ts';
import type { WebEnv } from '../../access/env.ts';
import { addTarget } from '../../requests/notice-targets.ts';
import { testTarget } from '../../requests/test-notice.ts';
import { targetRequest } from '../../schemas/notices.ts';
import type { Web } from '../../services.ts';
import { answerNotices } from './notices.tsx';
import { type TargetFields, targetFields } from './target-form.tsx';

/** Handles the form of a new target: shows its secret once, or the form again with what is wrong. */
export async function addTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const body = await context.req.parseBody();
  const fields: TargetFields = Object.fromEntries(
    targetFields.map((name) => [name, typeof body[name] === 'string' ? body[name].trim() : '']),
  );
  context.set('target', fields.name ?? '');
  try {
    const { name, secret } = await addTarget(web, context.get('caller'), requestOf(fields));
    return answerNotices(context, web, { made: { name, secret } });
  } catch (error) {
    if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
    context.status(error.httpStatus as 400);
    return answerNotices(context, web, { fields, refused: error });
  }
}

/** Handles the button that tests a target. */
export async function testTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await testTarget(web, context.req.param('name') ?? '');
  return context.redirect('/notices', 303);
}

/** Handles the button that removes a target. */
export async function removeTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await removeNoticeTarget(web.database, context.req.param('name') ?? '');
  return context.redirect('/notices', 303);
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ name, kind, to, secret, on, ...fields }: TargetFields) {
  const owners = entriesIn(fields.owners);
  const domains = entriesIn(fields.domains);
  const parsed = targetRequest.safeParse(
    {
      ...{ name, kind, to, on, repos: entriesIn(fields.repos), branches: entriesIn(fields.branches) },
      ...(secret !== undefined && secret !== '' && { secret }),
      options: { ...(owners.length > 0 && { owners }), ...(domains.length > 0 && { domains }) },
    },
    { error: validationMessage },
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VoltError('bad_request', `${issue?.path.join('.')} ${issue?.message}`, { remedy: 'Correct the form.' });
}

function entriesIn(text = ''): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}
