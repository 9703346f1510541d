import type * as z from 'zod';
import { allPeople } from '../../../record/all-settings.ts';
import { setBlocked } from '../../../record/people.ts';
import { giveIdentity, preparePerson, removePerson } from '../../../record/people-admin.ts';
import { addAddress, removeAddress } from '../../../record/person-addresses.ts';
import { personEntry } from '../../schemas/config.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';

type Value = z.output<typeof personEntry>;

/**
 * Those who sign in. They come by themselves, with identities and names that their providers tell, so none of that is taken away
 * because the settings do not have it.
 */
export const people: Kind = {
  ...plainKind,
  at: ['people', '*'],
  schema: personEntry,
  usual: { identities: [], addresses: [] },
  isPruned: false,
  read: async ({ database }) =>
    (await allPeople(database)).map(({ name, displayName, isBlocked, identities, addresses }) => ({
      names: [name],
      value: {
        displayName,
        identities: identities.map(({ provider, subject }) => `${provider}:${subject}`),
        addresses,
        ...(isBlocked && { blocked: true }),
      },
      secrets: {},
    })),
  needs: ({ value }) => ((value as Value).identities ?? []).map((identity) => ['providers', providerIn(identity)]),
  normal: (entry) => {
    const { displayName, identities = [], addresses = [], blocked } = entry.value as Value;
    const lower = addresses.map((address) => address.toLowerCase());
    return {
      ...entry,
      value: {
        ...(displayName !== entry.names[0] && { displayName }),
        ...{ identities: [...new Set(identities)].sort(), addresses: [...new Set(lower)].sort() },
        ...(blocked !== undefined && { blocked }),
      },
    };
  },
  set: async ({ database }, { names: [name = ''], value }, before) => {
    const { displayName = name, identities = [], addresses = [], blocked } = value as Value;
    const old = (before?.value ?? {}) as Value;
    if (!before) await preparePerson(database, { name, displayName });
    for (const identity of identities.filter((each) => !old.identities?.includes(each))) {
      const provider = providerIn(identity);
      await giveIdentity(database, name, { provider, subject: identity.slice(provider.length + 1) });
    }
    for (const address of addresses.filter((each) => !old.addresses?.includes(each)))
      await addAddress(database, name, address);
    for (const address of (old.addresses ?? []).filter((each) => !addresses.includes(each)))
      await removeAddress(database, name, address);
    // settings that do not say it let nobody in again who was kept out meanwhile
    if (blocked !== undefined && blocked !== (old.blocked ?? false)) await setBlocked(database, name, blocked);
  },
  remove: ({ database }, { names: [name = ''] }) => removePerson(database, name),
  audited: auditedAs({ add: 'people.add', change: 'people.set', remove: 'people.remove' }),
};

/** @param identity as `PROVIDER:SUBJECT` */
function providerIn(identity: string): string {
  return identity.split(':', 1)[0] ?? '';
}
