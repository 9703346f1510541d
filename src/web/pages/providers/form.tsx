import { type ProviderKind, providerKinds } from '../../../kernel/provider-kinds.ts';
import { Choice } from '../fields/choice.tsx';
import { Field } from '../fields/field.tsx';

/** What was typed into the form, by field. */
export type ProviderFields = { readonly [Name in (typeof providerFields)[number]]?: string };

// biome-ignore format: one line
export const providerFields = ['name', 'kind', 'url', 'clientId', 'clientSecret', 'groupsClaim', 'scopes', 'title'] as const;

const kinds = Object.entries(providerKinds).map(([kind, { title }]) => [kind, title] as [ProviderKind, string]);

/** The form of a new provider. @param redirectUri that its name makes */
export function ProviderForm({ fields: { name = '', kind = 'oidc', ...fields }, redirectUri }: Shown) {
  return (
    <form class="panel fields" method="post" action="/providers">
      <p>
        Register Volt there first, as a web application that sends browsers back to <code>{redirectUri}</code>, with the
        name that you choose here for NAME. It then shows a client id and a secret.
      </p>
      <Field
        label="Name"
        name="name"
        value={name}
        required
        maxlength={64}
        hint="Lower-case letters, digits and “-”. Its groups are called NAME/GROUP."
      />
      <Choice label="Kind" name="kind" value={kind} options={kinds} />
      <Field
        label="Address"
        name="url"
        type="url"
        value={fields.url ?? ''}
        hint="The issuer with OpenID Connect, else the address of the forge. Empty: github.com."
      />
      <Field label="Client id" name="clientId" value={fields.clientId ?? ''} required />
      <Field label="Client secret" name="clientSecret" type="password" value="" />
      <Field
        label="Claim of the groups"
        name="groupsClaim"
        value={fields.groupsClaim ?? ''}
        hint="With OpenID Connect. Empty: groups."
      />
      <Field label="Further scopes" name="scopes" value={fields.scopes ?? ''} hint="With spaces between them." />
      <Field label="Title of its button" name="title" value={fields.title ?? ''} maxlength={60} />
      <button type="submit" class="primary">
        Add provider
      </button>
    </form>
  );
}

interface Shown {
  fields: ProviderFields;
  redirectUri: string;
}
