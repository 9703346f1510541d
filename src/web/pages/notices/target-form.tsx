import { committers, type noticeChoices, type noticeKinds } from '../../../kernel/notices.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';

/** What was typed into the form, by field. */
export type TargetFields = { readonly [Name in (typeof targetFields)[number]]?: string };

export const targetFields = ['name', 'kind', 'to', 'secret', 'repos', 'branches', 'on', 'owners', 'domains'] as const;

const titles: { readonly [Kind in (typeof noticeKinds)[number]]: string } = {
  mail: 'Mail',
  slack: 'Slack',
  mattermost: 'Mattermost',
  discord: 'Discord',
  teams: 'Teams',
  matrix: 'Matrix',
  ntfy: 'ntfy',
  webhook: 'Webhook',
};
const choices: { readonly [Choice in (typeof noticeChoices)[number]]: string } = {
  change: 'changes: broken, still broken by somebody else, works again',
  failure: 'each failure, and when it works again',
  all: 'each verdict',
  audit: 'no builds, but changes of settings, secrets and rights, and what was refused',
};

/** The form of a new target. */
export function TargetForm({ state }: { state: FormState<keyof TargetFields> }) {
  const { field, problems } = formFields(
    targetFields,
    state,
    { bad_name: 'name', name_taken: 'name', bad_url: 'to', bad_ref: 'branches' },
    { kind: 'mail', on: 'change' },
  );
  return (
    <form class="panel fields" method="post" action="/notices">
      <Refusal problems={problems} />
      <Field label="Name" {...field('name')} required maxlength={64} />
      <Choice label="Kind" {...field('kind')} options={Object.entries(titles)} />
      <Field
        label="To"
        {...field('to')}
        required
        hint={`A URL. For mail: addresses with commas between them, or "${committers}" for whoever broke a branch.`}
      />
      <Field
        label="Token or signing secret"
        {...field('secret')}
        type="password"
        value=""
        hint="Matrix and ntfy: an access token. Webhook: leave it empty, and Volt makes one."
      />
      <Choice label="Hears of" {...field('on')} options={Object.entries(choices)} />
      <Field label="Repositories" {...field('repos')} hint='Such as "web-*, api". Empty: all.' />
      <Field label="Branches" {...field('branches')} hint='Such as "main, release/*". Empty: the default branch.' />
      <Field
        label="Domains of committers"
        {...field('domains')}
        hint="Committers with addresses of these domains get mail, besides people whom Volt knows."
      />
      <Field
        label="Owners"
        {...field('owners')}
        hint="Mail addresses of those who hear of flaky tests, and of errors that no commit causes."
      />
      <button type="submit" class="primary">
        Add target
      </button>
    </form>
  );
}
