import { type ProviderKind, providerKinds } from '../../../kernel/provider-kinds.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';

/** What was typed into the form, by field. */
export type ProviderFields = { readonly [Name in (typeof providerFields)[number]]?: string };

// biome-ignore format: one line
export const providerFields = ['name', 'kind', 'url', 'clientId', 'clientSecret', 'groupsClaim', 'scopes', 'title'] as const;

const kinds = Object.entries(providerKinds).map(([kind, { title }]) => [kind, title] as [ProviderKind, string]);

/** The form of a new provider. @param redirectUri that its name makes */
export function ProviderForm({ state, redirectUri }: Shown) {
  const { field, problems } = formFields(
    providerFields,
    state,
    { bad_name: 'name', name_taken: 'name', bad_url: 'url' },
    { kind: 'oidc' },
  );
  return (
    <form class="panel fields" method="post" action="/providers">
      <Refusal problems={problems} />
      <p>
        Register Volt there first, as a web application that sends browsers back to <code>{redirectUri}</code>, with the
        name that you choose here for NAME. It then shows a client id and a secret.
      </p>
      <Field
        label="Name"
        {...field('name')}
        required
        maxlength={64}
        hint="Lower-case letters, digits and “-”. Its groups are called NAME/GROUP."
      />
      <Choice label="Kind" {...field('kind')} options={kinds} />
      <Field
        label="Address"
        {...field('url')}
        type="url"
        hint="The issuer with OpenID Connect, else the address of the forge. Empty: github.com."
      />
      <Field label="Client id" {...field('clientId')} required />
      <Field label="Client secret" {...field('clientSecret')} value="" type="password" />
      <Field label="Claim of the groups" {...field('groupsClaim')} hint="With OpenID Connect. Empty: groups." />
      <Field label="Further scopes" {...field('scopes')} hint="With spaces between them." />
      <Field label="Title of its button" {...field('title')} maxlength={60} />
      <button type="submit" class="primary">
        Add provider
      </button>
    </form>
  );
}

interface Shown {
  state: FormState<keyof ProviderFields>;
  redirectUri: string;
}
