import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import type { WebEnv } from '../../access/env.ts';
import { awaitPoll, createRepository } from '../../requests/repositories.ts';
import { newRepository } from '../../schemas/repositories.ts';
import type { Web } from '../../services.ts';
import { entriesIn, refusalOf, requestFrom } from '../fields/sent-form.ts';
import { type AddForm, answerAddForm } from './add-repository.tsx';

/** Milliseconds to wait until Volt knows whether it can fetch the repository, before a page waits for that. */
const patience = 4000;

/** Handles the form: adds the repository, and leads to the page that says whether it can be fetched. */
export async function addRepositoryFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const body = await context.req.parseBody();
  const form: AddForm = Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value.trim()]] : [])),
  );
  try {
    const { name } = await createRepository(web, requestOf(form));
    context.set('target', name);
    await awaitPoll(web, name, patience);
    return context.redirect(`/repos/${name}/added`, 303);
  } catch (error) {
    // a page must not repeat it
    return answerAddForm(context, web, { ...form, password: '' }, refusalOf(context, error));
  }
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request`, `bad_url` */
function requestOf(form: AddForm) {
  const text = (name: string) => form[name] || undefined;
  const list = (name: string) => (text(name) === undefined ? undefined : entriesIn(text(name)));
  return requestFrom(newRepository, {
    ...{ url: withLogin(text('url') ?? '', text('user'), text('password')), name: text('name') },
    ...{ branches: list('branches'), tags: list('tags'), runners: list('runners') },
    ...{ visibility: text('visibility'), command: text('command'), image: text('image') },
    ...{ pullRequests: text('pullRequests'), commits: text('commits') },
    pollSeconds: text('pollSeconds') === undefined ? undefined : Number(text('pollSeconds')),
  });
}

/** The URL with a login in it, which becomes the credential of the repository. */
function withLogin(url: string, user = 'git', password?: string): string {
  if (password === undefined) return url;
  const [, scheme, rest] = /^(https?:\/\/)(?:[^/?#]*@)?(.*)$/is.exec(url) ?? [];
  if (scheme !== undefined && rest !== undefined)
    return `${scheme}${encodeURIComponent(user)}:${encodeURIComponent(password)}@${rest}`;
  throw new VoltError('bad_url', 'only an https address takes a token or password', {
    remedy: 'Leave it empty; for an ssh address, Volt makes a deploy key in the next step.',
  });
}
