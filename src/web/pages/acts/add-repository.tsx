import type { Context } from 'hono';
import type { ErrorCode, VoltError } from '../../../kernel/errors.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Problems } from '../parts.tsx';
import { type Setting, settingFields } from '../repository/setting-fields.ts';

/** The fields of the form, as texts. */
export type AddForm = { [field: string]: string };

/** Which field an error is about that names none. */
const fieldOf: { readonly [C in ErrorCode]?: string } = {
  ...{ bad_url: 'url', no_repository: 'url', bad_name: 'name', name_taken: 'name' },
};

/** `/repos/new`: the form that adds a repository. */
export async function addRepositoryPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  return answerAddForm(context, web, {});
}

/** Answers with the form. @param error why the repository was not added */
export function answerAddForm(context: Context<WebEnv>, web: Web, form: AddForm, error?: VoltError): Promise<Response> {
  requireRole(context, 'admin', 'adding a repository');
  const wrong = error && (error.field ?? fieldOf[error.code]);
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
            hint="Such as https://host/team/app.git or git@host:team/app.git, or a path on Volt's machine."
            required
            maxlength={4096}
          />
          <Field label="Name" {...shown('name')} hint="Empty: the last part of the URL." maxlength={64} />
          <Field label="Branches" {...shown('branches')} hint='Such as "main, release/*". Empty: the default branch.' />
          <Choice label="Who can read it" {...shown('visibility')} options={choicesOf('visibility')} />
          <Field label="Command" {...shown('command')} hint="Empty: workflow files, else auto-detected tests." />
          <details open={opens(secretFields)}>
            <summary>Private repository</summary>
            <div class="fields">
              <Field label="User" {...shown('user')} hint="Forges take any name with a token." />
              <Field label="Token or password" {...shown('password')} type="password" hint="For an https address." />
              <p class="hint">For an ssh address, Volt makes a deploy key when it has tried without one.</p>
            </div>
          </details>
          <details open={opens(moreFields)}>
            <summary>More options</summary>
            <div class="fields">
              <Field label="Tags" {...shown('tags')} hint='New tags that match, such as "v*". Empty: none.' />
              <Choice label="Pull requests" {...shown('pullRequests')} options={choicesOf('pullRequests')} />
              <Choice label="Commits" {...shown('commits')} options={choicesOf('commits')} />
              <Field label="Seconds between checks" {...shown('pollSeconds')} hint="Empty: 5." type="number" />
              <Field
                label="Container image"
                {...shown('image')}
                hint="Such as node:22. Empty: tests run on the machine of the runner."
              />
              <Field
                label="Runner labels"
                {...shown('runners')}
                hint="Only runners with all of these labels run its jobs."
              />
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
