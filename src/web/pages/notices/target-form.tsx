import { committers, type noticeChoices, type noticeKinds } from '../../../kernel/notices.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';

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
export function TargetForm({
  fields: { name = '', kind = 'mail', on = 'change', ...fields },
}: {
  fields: TargetFields;
}) {
  return (
    <form class="panel fields" method="post" action="/notices">
      <Field label="Name" name="name" value={name} required maxlength={64} />
      <Choice label="Kind" name="kind" value={kind} options={Object.entries(titles)} />
      <Field
        label="To"
        name="to"
        value={fields.to ?? ''}
        required
        hint={`A URL. For mail: addresses with commas between them, or "${committers}" for whoever broke a branch.`}
      />
      <Field
        label="Token or signing secret"
        name="secret"
        type="password"
        value=""
        hint="Matrix and ntfy: an access token. Webhook: leave it empty, and Volt makes one."
      />
      <Choice label="Hears of" name="on" value={on} options={Object.entries(choices)} />
      <Field label="Repositories" name="repos" value={fields.repos ?? ''} hint='Such as "web-*, api". Empty: all.' />
      <Field
        label="Branches"
        name="branches"
        value={fields.branches ?? ''}
        hint='Such as "main, release/*". Empty: the default branch.'
      />
      <Field
        label="Domains of committers"
        name="domains"
        value={fields.domains ?? ''}
        hint="Committers with addresses of these domains get mail, besides people whom Volt knows."
      />
      <Field
        label="Owners"
        name="owners"
        value={fields.owners ?? ''}
        hint="Mail addresses of those who hear of flaky tests, and of errors that no commit causes."
      />
      <button type="submit" class="primary">
        Add target
      </button>
    </form>
  );
}
