import type { Context } from 'hono';
import type { ErrorCode, VoltError } from '../../../kernel/errors.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireScope } from '../../access/permission.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Problems } from '../parts.tsx';
import { type Setting, settingFields } from '../repository/setting-fields.ts';
import { Choice } from './choice.tsx';
import { Field } from './field.tsx';

/** The fields of the form, as texts. */
export type AddForm = { [field: string]: string };

/** Which field an error is about. */
const fieldOf: { readonly [C in ErrorCode]?: string } = {
  ...{ bad_url: 'url', no_repository: 'url', bad_name: 'name', name_taken: 'name' },
  ...{ bad_ref: 'branches', bad_label: 'runners' },
};

/** `/repos/new`: the form that adds a repository. */
export async function addRepositoryPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  return answerAddForm(context, web, {});
}

/** Answers with the form. @param error why the repository was not added */
export function answerAddForm(context: Context<WebEnv>, web: Web, form: AddForm, error?: VoltError): Promise<Response> {
  requireScope(context, 'admin', 'adding a repository');
  const wrong = error && (fieldOf[error.code] ?? error.remedy.match(/^Correct "(\w+)"/)?.[1]);
  const shown = (name: string) => ({
    name,
    value: form[name] ?? usual[name] ?? '',
    problem: wrong === name ? `${error?.message}. ${error?.remedy}` : undefined,
  });
  const isKnown = wrong !== undefined && fields.includes(wrong);
  const opens = (names: readonly string[]) =>
    names.some((name) => (form[name] || usual[name]) !== usual[name] || wrong === name);
  return answerPage(context, web, {
    title: 'Add a repository',
    section: 'repositories',
    confidential: true,
    content: (
      <article class="act">
        <PageHead
          title="Add a repository"
          above={[{ title: 'Repositories', href: '/repos' }]}
          about="Volt checks at once whether it can fetch it, and builds the newest commit."
        />
        {error && !isKnown && <Problems problems={[error]} />}
        <form class="panel" method="post" action="/repos/new">
          <Field
            label="URL or path"
            {...shown('url')}
            hint="https://…, git@host:team/app.git, ssh://…, git://…, or a path on the machine of Volt"
            required
            maxlength={4096}
          />
          <Field label="Name" {...shown('name')} hint="by default the last part of the URL" maxlength={64} />
          <Field
            label="Branches"
            {...shown('branches')}
            hint='with "*" where they vary, as in "main, release/*"; empty for the default branch'
          />
          <Choice label="Who can read it" {...shown('visibility')} options={choicesOf('visibility')} />
          <Field label="Command" {...shown('command')} hint="instead of the workflows or the tests that Volt finds" />
          <details open={opens(secretFields)}>
            <summary>Private repository</summary>
            <div class="fields">
              <Field label="User" {...shown('user')} hint="forges take any name with a token" />
              <Field label="Token or password" {...shown('password')} type="password" hint="for an https address" />
              <p class="hint">For an ssh address, Volt makes a deploy key when it has tried without one.</p>
            </div>
          </details>
          <details open={opens(moreFields)}>
            <summary>More options</summary>
            <div class="fields">
              <Field label="Tags" {...shown('tags')} hint='new tags that match, such as "v*"; empty for none' />
              <Choice label="Pull requests" {...shown('pullRequests')} options={choicesOf('pullRequests')} />
              <Choice label="Commits" {...shown('commits')} options={choicesOf('commits')} />
              <Field label="Poll interval" {...shown('pollSeconds')} hint="seconds; 5 by default" type="number" />
              <Field label="Image" {...shown('image')} hint="container image for its tests, such as node:22" />
              <Field label="Runners" {...shown('runners')} hint="labels that its runners must have" />
            </div>
          </details>
          <button type="submit" class="primary">
            Add repository
          </button>
        </form>
      </article>
    ),
  });
}

/** What is chosen before the person chooses. */
const usual: AddForm = { visibility: 'internal', pullRequests: 'none', commits: 'every' };

const secretFields = ['user', 'password'];
const moreFields = ['tags', 'pullRequests', 'commits', 'pollSeconds', 'image', 'runners'];
const fields = ['url', 'name', 'branches', 'visibility', 'command', ...secretFields, ...moreFields];

/** The values of a setting, and what each is called. */
function choicesOf(setting: Setting): [string, string][] {
  const { control } = settingFields[setting];
  return control.kind === 'choice' ? Object.entries(control.choices) : [];
}
