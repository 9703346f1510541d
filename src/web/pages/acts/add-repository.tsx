import type { Context } from 'hono';
import type { VoltError } from '../../../kernel/errors.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { type Setting, settingFields } from '../repository/setting-fields.ts';

/** The fields of the form, as texts. */
export type AddForm = { [field: string]: string };

/** `/repos/new`: the form that adds a repository. */
export async function addRepositoryPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  return answerAddForm(context, web, {});
}

/** Answers with the form. @param error why the repository was not added */
export function answerAddForm(context: Context<WebEnv>, web: Web, form: AddForm, error?: VoltError): Promise<Response> {
  requireRole(context, 'admin', 'adding a repository');
  const { field, isWrong, problems } = formFields(fields, { fields: form, refused: error }, about, usual);
  const opens = (names: readonly string[]) =>
    names.some((name) => (form[name] || usual[name]) !== usual[name] || isWrong(name));
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
        <Refusal problems={problems} />
        <form class="panel" method="post" action="/repos/new">
          <Field
            label="URL or path"
            {...field('url')}
            hint="Such as https://host/team/app.git or git@host:team/app.git, or a path on Volt's machine."
            required
            maxlength={4096}
          />
          <Field label="Name" {...field('name')} hint="Empty: the last part of the URL." maxlength={64} />
          <Field label="Branches" {...field('branches')} hint='Such as "main, release/*". Empty: the default branch.' />
          <Choice label="Who can read it" {...field('visibility')} options={choicesOf('visibility')} />
          <Field label="Command" {...field('command')} hint="Empty: workflow files, else auto-detected tests." />
          <details open={opens(secretFields)}>
            <summary>Private repository</summary>
            <div class="fields">
              <Field label="User" {...field('user')} hint="Forges take any name with a token." />
              <Field label="Token or password" {...field('password')} type="password" hint="For an https address." />
              <p class="hint">For an ssh address, Volt makes a deploy key when it has tried without one.</p>
            </div>
          </details>
          <details open={opens(moreFields)}>
            <summary>More options</summary>
            <div class="fields">
              <Field label="Tags" {...field('tags')} hint='New tags that match, such as "v*". Empty: none.' />
              <Choice label="Pull requests" {...field('pullRequests')} options={choicesOf('pullRequests')} />
              <Choice label="Commits" {...field('commits')} options={choicesOf('commits')} />
              <Field label="Seconds between checks" {...field('pollSeconds')} hint="Empty: 5." type="number" />
              <Field
                label="Container image"
                {...field('image')}
                hint="Such as node:22. Empty: tests run on the machine of the runner."
              />
              <Field
                label="Runner labels"
                {...field('runners')}
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
/** Which field an error is about that names none. */
const about = { bad_url: 'url', no_repository: 'url', bad_name: 'name', name_taken: 'name' };
const fields = ['url', 'name', 'branches', 'visibility', 'command', ...secretFields, ...moreFields];

/** The values of a setting, and what each is called. */
function choicesOf(setting: Setting): [string, string][] {
  const { control } = settingFields[setting];
  return control.kind === 'choice' ? Object.entries(control.choices) : [];
}
