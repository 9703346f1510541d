import type * as z from 'zod';
import { VoltError } from '../../../kernel/errors.ts';
import { providerKinds } from '../../../kernel/provider-kinds.ts';
import { addProvider, changeProvider, providersWithSecrets, removeProvider } from '../../../record/providers.ts';
import { providerEntry } from '../../schemas/config.ts';
import { providerAddress } from '../../sign-in/provider-address.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';
import { givenSecrets } from '../secrets.ts';

type Value = Omit<z.output<typeof providerEntry>, 'clientSecret'>;

/** Where people sign in. */
export const providers: Kind = {
  ...plainKind,
  at: ['providers', '*'],
  schema: providerEntry,
  usual: { allowHttp: false, scopes: [], groupsClaim: 'groups' },
  secrets: ['clientSecret'],
  read: async ({ database, config }) =>
    (await providersWithSecrets(database, config)).map(
      ({ name, kind, title, url, clientId, groupsClaim, scopes, clientSecret }) => {
        const always: readonly string[] = providerKinds[kind].scopes.split(' ');
        const more = scopes.filter((scope) => !always.includes(scope));
        const value: Value = { kind, url, allowHttp: url.startsWith('http:'), clientId, title, scopes: more };
        return {
          names: [name],
          value: { ...value, ...(groupsClaim !== null && { groupsClaim }) },
          secrets: givenSecrets({ clientSecret }),
        };
      },
    ),
  normal: (entry) => {
    const { title, ...value } = entry.value as Value;
    const { usual, title: ofKind } = providerKinds[value.kind];
    const usualTitle = value.kind === 'oidc' ? entry.names[0] : ofKind;
    const url = value.url === usual ? undefined : value.url;
    return { ...entry, value: { ...value, url, ...(title !== usualTitle && { title }) } };
  },
  set: async ({ database, config, by }, { names: [name = ''], value, secrets: { clientSecret } }, before) => {
    const {
      kind,
      url: given,
      allowHttp = false,
      clientId,
      title,
      groupsClaim = 'groups',
      scopes = [],
    } = value as Value;
    const url = providerAddress(kind, given, allowHttp);
    const usualTitle = kind === 'oidc' ? name : providerKinds[kind].title;
    const about = {
      title: title ?? usualTitle,
      clientId,
      groupsClaim,
      scopes,
      ...(clientSecret !== undefined && { clientSecret }),
    };
    if (!before) {
      await addProvider(database, config, { ...about, name, kind, url, createdBy: by });
      return;
    }
    const old = before.value as Value;
    if (old.kind !== kind || providerAddress(old.kind, old.url, true) !== url) {
      throw new VoltError('conflict', `${name} has another kind or address in Volt, and keeps them`, {
        remedy: 'They are part of the identities of people. Give the other provider another name.',
      });
    }
    await changeProvider(database, config, name, about);
  },
  remove: ({ database }, { names: [name = ''] }) => removeProvider(database, name),
  audited: auditedAs({ add: 'providers.add', change: 'providers.change', remove: 'providers.remove' }),
};
