import { roleMeanings, roles } from '../../../kernel/roles.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';

/** What was typed into the form, by field. */
export type GrantFields = { readonly [Name in (typeof grantFields)[number]]?: string };

export const grantFields = ['who', 'role', 'repos'] as const;

/** The form that gives a role. @param known people and groups that the browser completes */
export function GrantForm({ state, known }: { state: FormState<keyof GrantFields>; known: readonly string[] }) {
  const { field, problems } = formFields(grantFields, state, { not_found: 'who' }, { role: 'run' });
  return (
    <form class="panel fields" method="post" action="/access/grant">
      <Refusal problems={problems} />
      <Field
        label="Who"
        {...field('who')}
        required
        list={known}
        hint="The name of a person, or group:PROVIDER/GROUP for everybody in a group there."
      />
      <Choice
        label="Role"
        {...field('role')}
        options={roles.map((one) => [one, `${one}: ${roleMeanings[one]}`])}
        hint="Each role includes those before it."
      />
      <Field
        label="Repositories"
        {...field('repos')}
        hint='Names and patterns, such as "app, team-*". Empty: all, private ones too.'
      />
      <button type="submit" class="primary">
        Give role
      </button>
    </form>
  );
}
