import type * as z from 'zod';
import type { Grant } from '../../kernel/model/access-shapes.ts';
import { fitsGlob } from '../../kernel/names.ts';
import { includes, type Role, roleMeanings, roles } from '../../kernel/roles.ts';
import type { Visibility } from '../../kernel/visibility.ts';
import { pageOfGrants } from '../../record/grant-lists.ts';
import { grantsOf } from '../../record/grants.ts';
import { personNamed } from '../../record/people.ts';
import type { Reader } from '../../record/visibility.ts';
import { readRepository } from '../access/readable.ts';
import type { accessReasons } from '../schemas/grants.ts';
import type { Web } from '../services.ts';

/** The most people and groups that are named as those who can give roles. */
const mostAdmins = 20;

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
  const everybody = readByEverybody(visibility, config.reading);
  return {
    ...{ person: person.name, repo, blocked, role, grants: fitting, everybody: everybody?.text ?? null },
    missing: roles
      .filter((one) => role === null || !includes(role, one))
      .filter((one) => blocked || one !== 'read' || everybody?.from !== 'anywhere')
      .map((one) => ({ role: one, allows: allowsText(one, everybody) })),
    admins: (await pageOfGrants(database, { role: 'admin', limit: mostAdmins })).grants.map(({ who }) => who),
  };
}

function largest(grants: readonly Grant[]): Role | null {
  return roles.findLast((role) => grants.some((grant) => grant.role === role)) ?? null;
}

interface OpenReading {
  from: 'anywhere' | 'machine';
  text: string;
}

/** What everybody may read without a role, and why. */
function readByEverybody(visibility: Visibility, reading: Web['config']['reading']): OpenReading | undefined {
  if (visibility === 'public') return { from: 'anywhere', text: 'everybody may read it: its visibility is public' };
  if (visibility === 'private' || reading === 'token') return undefined;
  if (reading === 'public') {
    const text = 'everybody may read it: its visibility is internal, and VOLT_READING is public';
    return { from: 'anywhere', text };
  }
  const text = 'whoever is on the machine of Volt may read it: its visibility is internal, and VOLT_READING is local';
  return { from: 'machine', text };
}

/** What a role allows to who may do without it what everybody may. */
function allowsText(role: Role, everybody: OpenReading | undefined): string {
  const isOpenHere = role === 'read' && everybody?.from === 'machine';
  return isOpenHere ? `${roleMeanings.read} from other machines, too` : roleMeanings[role];
}
