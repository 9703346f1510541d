import { VoltError } from '../kernel/errors.ts';
import type { Sql, Write } from './database.ts';

/**
 * Names that people and tokens share, so that nobody in the audit log looks like somebody else. For the same reason a name that a
 * person had is never given to another one: builds, grants and files with settings name people, too.
 */

/** Name of the main token; nobody else has it. */
export const ownerName = 'owner';

/** What the audit log calls somebody whom it does not know. */
const unknownName = 'unknown';

/**
 * Refuses a name that somebody else has, or had.
 * @param person who may have back an earlier name
 * @throws VoltError `name_taken`
 */
export async function requireFreeName(db: Sql, name: string, person?: number): Promise<void> {
  const why = await whyTaken(db, name, person);
  if (why === undefined) return;
  throw new VoltError('name_taken', why, {
    remedy: 'Choose another name. `volt people ls` and `volt token ls` list those that are in use.',
  });
}

/** The wanted name, with a number at its end if it is taken. */
export async function freeName(db: Sql, wanted: string): Promise<string> {
  if ((await whyTaken(db, wanted)) === undefined) return wanted;
  for (let number = 2; ; number++) {
    const name = `${wanted}-${number}`;
    if ((await whyTaken(db, name)) === undefined) return name;
  }
}

/** Keeps the name of a person who is renamed or removed, unless nothing was done under it. */
export async function keepName(
  db: Write,
  { id, name, lastSeenAt }: { id: number; name: string; lastSeenAt: string | null },
): Promise<void> {
  // a comment at a forge counts as that of a person who has not signed in yet
  const acts = db.selectFrom('audit').select('id').where('person_id', '=', id).limit(1);
  if (lastSeenAt === null && (await acts.executeTakeFirst()) === undefined) return;
  await db
    .insertInto('former_names')
    .values({ name, person_id: id })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

async function whyTaken(db: Sql, name: string, person?: number): Promise<string | undefined> {
  if (name === ownerName || name === unknownName) return `nobody may have the name "${name}"`;
  for (const [table, what] of [
    ['people', 'a person'],
    ['tokens', 'a token'],
  ] as const)
    if (await db.selectFrom(table).select('id').where('name', '=', name).executeTakeFirst())
      return `${what} has the name "${name}" already`;
  const former = await db.selectFrom('former_names').select('person_id').where('name', '=', name).executeTakeFirst();
  if (former === undefined || former.person_id === person) return undefined;
  return `"${name}" was the name of a person who was renamed or removed, and nobody else gets it`;
}
