import { roleMeanings, roles } from '../../../kernel/roles.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';

/** What was typed into the form, by field. */
export type GrantFields = { readonly [Name in (typeof grantFields)[number]]?: string };

export const grantFields = ['who', 'role', 'repos'] as const;

/** The form that gives a role. @param known people and groups that the browser completes */
export function GrantForm({
  fields: { who = '', role = 'run', repos = '' },
  known,
}: {
  fields: GrantFields;
  known: readonly string[];
}) {
  return (
    <form class="panel fields" method="post" action="/access/grant">
      <Field
        label="Who"
        name="who"
        value={who}
        required
        list={known}
        hint="The name of a person, or group:PROVIDER/GROUP for everybody in a group there."
      />
      <Choice
        label="Role"
        name="role"
        value={role}
        options={roles.map((one) => [one, `${one}: ${roleMeanings[one]}`])}
        hint="Each role includes those before it."
      />
      <Field
        label="Repositories"
        name="repos"
        value={repos}
        hint='Names and patterns, such as "app, team-*". Empty: all, private ones too.'
      />
      <button type="submit" class="primary">
        Give role
      </button>
    </form>
  );
}
