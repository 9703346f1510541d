import * as z from 'zod';
import { time } from './shapes.ts';

/** What administrators see of people; each shape is declared here only. */

export const person = z.object({
  name: z.string().meta({ description: 'the handle, which pages and commands show' }),
  displayName: z.string().meta({ description: 'as the provider says it' }),
  logins: z.array(z.string()).meta({ description: 'how providers call the person, each as PROVIDER:LOGIN' }),
  createdAt: time,
  lastSeenAt: time.nullable().meta({ description: 'of the last sign-in; null for somebody who has never signed in' }),
  blockedAt: time.nullable().meta({ description: 'since when the person cannot sign in; null for others' }),
});
/** Somebody who signs in. */
export type ShownPerson = z.output<typeof person>;

export const identity = z.object({
  provider: z.string(),
  issuer: z.string(),
  subject: z.string().meta({ description: 'the id at the provider, which never changes' }),
  login: z.string(),
  groups: z.array(z.string()),
  signedInAt: time.nullable().meta({ description: 'when the person last signed in with it; null for never' }),
});
export type ShownIdentity = z.output<typeof identity>;

export const personAddress = z.object({
  address: z.string(),
  source: z.string().meta({ description: '"hand", or the issuer that has verified it' }),
});
export type PersonAddress = z.output<typeof personAddress>;

export const personDetails = person.extend({
  identities: z.array(identity),
  addresses: z
    .array(personAddress)
    .meta({ description: 'mail addresses; commits with them are shown as those of the person' }),
  mail: z.string().nullable().meta({
    description: 'to which of them the person has mail sent: "none" for no mail, null for that of each commit',
  }),
});
export type PersonDetails = z.output<typeof personDetails>;
