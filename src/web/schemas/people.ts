import * as z from 'zod';
import { person, personDetails } from '../../kernel/model/people-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';

export const handle = z.string().regex(repositoryNamePattern, 'has characters that a name cannot have');

/** The subject of an identity, which is its id at the provider: at most what OpenID Connect Core 1.0 allows (2), and nothing that nobody sees. */
const subject = z
  .string()
  .max(255)
  .regex(/^\P{C}+$/u, 'must have characters, and no control characters');

export const peopleList = name('PeopleList', z.object({ people: z.array(name('Person', person)), next: nextAfter }));

export const onePerson = name('PersonDetails', personDetails);

export const peopleQuery = z.object({
  text: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'words in a name, a login at a provider, or an address' }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: handle.optional().meta({ description: 'only people whose names come after this one' }),
});

export const newPerson = name(
  'PersonRequest',
  z.object({
    name: handle,
    displayName: z.string().min(1).max(200).optional().meta({ description: 'the name by default' }),
    identity: z
      .object({ provider: handle, subject })
      .optional()
      .meta({ description: 'the identity with which the person will sign in: a provider, and the id there' }),
  }),
);

export const personChange = name('PersonChange', z.object({ name: handle }));
