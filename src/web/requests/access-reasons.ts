import type * as z from 'zod';
import type { Grant } from '../../kernel/model/access-shapes.ts';
import { fitsGlob } from '../../kernel/names.ts';
import { includes, type Role, roleMeanings, roles } from '../../kernel/roles.ts';
import type { Visibility } from '../../kernel/visibility.ts';
import { grantsOf, listGrants } from '../../record/grants.ts';
import { personNamed } from '../../record/people.ts';
import type { Reader } from '../../record/visibility.ts';
import { readRepository } from '../access/readable.ts';
import type { accessReasons } from '../schemas/grants.ts';
import type { Web } from '../services.ts';

/**
 * Why a person may do in a repository what they may, and what they may not.
 * @throws VoltError `not_found` for an unknown person, or a repository that the reader may not read
 */
export async function reasonsFor(
  { database, config }: Pick<Web, 'database' | 'config'>,
  reader: Reader,
  { person: name, repo }: { person: string; repo: string },
): Promise<z.input<typeof accessReasons>> {
  const [person, { visibility }] = await Promise.all([
    personNamed(database, name),
    readRepository(database, reader, repo),
  ]);
  const fitting = (await grantsOf(database, person.id)).filter(({ repos }) => fitsGlob(repos, repo));
  const blocked = person.blockedAt !== null;
  const role = blocked ? null : largest(fitting);
  return {
    ...{ person: person.name, repo, blocked, role, grants: fitting },
    everybody: readByEverybody(visibility, config.reading),
    missing: roles
      .filter((one) => role === null || !includes(role, one))
      .map((one) => ({ role: one, allows: roleMeanings[one] })),
    admins: (await listGrants(database)).filter((grant) => grant.role === 'admin').map(({ who }) => who),
  };
}

function largest(grants: readonly Grant[]): Role | null {
  return roles.findLast((role) => grants.some((grant) => grant.role === role)) ?? null;
}

function readByEverybody(visibility: Visibility, reading: Web['config']['reading']): string | null {
  if (visibility === 'public') return 'everybody may read it: its visibility is public';
  if (visibility === 'private' || reading === 'token') return null;
  return reading === 'public'
    ? 'everybody may read it: its visibility is internal, and VOLT_READING is public'
    : 'whoever is on the machine of Volt may read it: its visibility is internal, and VOLT_READING is local';
}
