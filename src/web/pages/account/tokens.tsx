import { type Role, roleMeanings, roles } from '../../../kernel/roles.ts';
import type { NamedToken } from '../../../record/tokens.ts';
import { Command } from '../command.tsx';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';
import { Age } from '../parts.tsx';
import { Table } from '../table.tsx';

export const tokenFields = ['name', 'role', 'repos'] as const;

/** What was typed into the form. */
export type TokenFields = { [field in (typeof tokenFields)[number]]?: string };

/** The tokens of a person, with buttons that revoke them. */
export function Tokens({ tokens, now }: { tokens: NamedToken[]; now: number }) {
  if (tokens.length === 0) {
    return (
      <p class="empty">
        No program acts as you. <Command line="volt login" /> gets a token for the commands on your machine.
      </p>
    );
  }
  return (
    <Table
      class="cards"
      rows={tokens}
      columns={[
        { head: 'Token', class: 'name', cell: ({ name }) => name },
        { head: 'Role', cell: ({ role }) => role },
        { head: 'In', cell: ({ repos }) => repos?.join(', ') ?? 'wherever you may' },
        { head: 'Made', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
        {
          head: 'Last used',
          cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Age time={lastUsedAt} now={now} />),
        },
        {
          head: 'Actions',
          class: 'actions',
          cell: ({ name }) => (
            <form method="post" action={`/account/tokens/${name}/revoke`}>
              <button type="submit" class="danger" aria-label={`Revoke ${name}`}>
                Revoke
              </button>
            </form>
          ),
        },
      ]}
    />
  );
}

/** @param largest the largest role that a token may have */
export function TokenForm({ state, largest }: { state: FormState<keyof TokenFields>; largest: Role }) {
  const { field, problems } = formFields(
    tokenFields,
    state,
    { name_taken: 'name', role_needed: 'role', not_found: 'repos' },
    { role: 'read' },
  );
  const allowed = roles.slice(0, roles.indexOf(largest) + 1);
  return (
    <form class="panel fields" method="post" action="/account/tokens">
      <h3>Make a token</h3>
      <Refusal problems={problems} />
      <Field
        label="What it is for"
        {...field('name')}
        placeholder="laptop"
        maxlength={32}
        required
        hint="Its name begins with yours."
      />
      <Choice
        label="Role"
        {...field('role')}
        options={allowed.map((role) => [role, `${role}: ${roleMeanings[role]}`] as const)}
        hint="It can never do more than you."
      />
      <Field
        label="Repositories"
        {...field('repos')}
        placeholder="all in which you have a role"
        hint="Names with commas between them. Empty: wherever you have a role."
      />
      <button type="submit">Make the token</button>
    </form>
  );
}
