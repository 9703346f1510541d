import { committers, type noticeChoices, type noticeKinds } from '../../../kernel/notices.ts';
import { Field } from '../acts/field.tsx';

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
      <Choice label="Kind" name="kind" value={kind} titles={titles} />
      <Field
        label="To"
        name="to"
        value={fields.to ?? ''}
        required
        hint={`a URL; for mail, addresses with commas between them, or "${committers}" for whoever broke a branch`}
      />
      <Field
        label="Token or signing secret"
        name="secret"
        type="password"
        value=""
        hint="Matrix and ntfy: an access token. Webhook: leave it empty, and Volt makes one"
      />
      <Choice label="Hears of" name="on" value={on} titles={choices} />
      <Field label="Repositories" name="repos" value={fields.repos ?? ''} hint='such as "web-*, api"; empty for all' />
      <Field
        label="Branches"
        name="branches"
        value={fields.branches ?? ''}
        hint='such as "main, release/*"; empty for the default branch'
      />
      <Field
        label="Domains of committers"
        name="domains"
        value={fields.domains ?? ''}
        hint="mail to committers goes only to addresses of these domains"
      />
      <Field
        label="Owners"
        name="owners"
        value={fields.owners ?? ''}
        hint="mail addresses of those who hear of flaky tests and of errors that no commit is the cause of"
      />
      <button type="submit" class="primary">
        Add target
      </button>
    </form>
  );
}

function Choice({
  label,
  name,
  value,
  titles: options,
}: {
  label: string;
  name: string;
  value: string;
  titles: { readonly [value: string]: string };
}) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      <select id={`field-${name}`} name={name}>
        {Object.entries(options).map(([each, title]) => (
          <option value={each} selected={each === value}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
