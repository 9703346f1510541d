import type { Sql } from './database.ts';

/** Names that people and tokens share, so that nobody in the audit log looks like somebody else. */

/** Name of the main token; nobody else has it. */
export const ownerName = 'owner';

/** What the audit log calls somebody whom it does not know. */
const unknownName = 'unknown';

/** Whether a person or a token has that name, or nobody may have it. */
export async function isTaken(db: Sql, name: string): Promise<boolean> {
  if (name === ownerName || name === unknownName) return true;
  for (const table of ['people', 'tokens'] as const)
    if (await db.selectFrom(table).select('id').where('name', '=', name).executeTakeFirst()) return true;
  return false;
}

/** The wanted name, with a number at its end if it is taken. */
export async function freeName(db: Sql, wanted: string): Promise<string> {
  if (!(await isTaken(db, wanted))) return wanted;
  for (let number = 2; ; number++) {
    const name = `${wanted}-${number}`;
    if (!(await isTaken(db, name))) return name;
  }
}
