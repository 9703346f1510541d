import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';

/** What was typed into the form, by field. */
export type PersonFields = { readonly [Name in (typeof personFields)[number]]?: string };

export const personFields = ['name', 'displayName', 'provider', 'subject'] as const;

/** The form that adds somebody who has not signed in yet. */
export function PersonForm({ state }: { state: FormState<keyof PersonFields> }) {
  const { field, problems } = formFields(personFields, state, {
    name_taken: 'name',
    not_found: 'provider',
    conflict: 'subject',
  });
  return (
    <form class="panel fields" method="post" action="/people">
      <Refusal problems={problems} />
      <Field
        label="Name"
        {...field('name')}
        required
        maxlength={64}
        hint="The handle that pages and commands show, such as ada."
      />
      <Field
        label="Display name"
        {...field('displayName')}
        maxlength={200}
        hint="Until the provider says another one."
      />
      <Field
        label="Provider"
        {...field('provider')}
        maxlength={64}
        hint="Where the person will sign in. Leave it empty to add somebody for their commits only."
      />
      <Field
        label="Id there"
        {...field('subject')}
        maxlength={255}
        hint="The subject of OpenID Connect, or the number of a user at a forge. With the provider, it is the identity."
      />
      <button type="submit" class="primary">
        Add person
      </button>
    </form>
  );
}
