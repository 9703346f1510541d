import type { BuildId, Status } from '../kernel/model.ts';
import type { Database } from './database.ts';
import { administrator, readable } from './visibility.ts';

/**
 * Which builds have changed, in the order of their latest changes. Each build has one entry. Every change of the build, its
 * jobs or their attempts replaces it by an entry with a higher number; numbers are never used again. A reader that knows the
 * last number it has seen finds what it has missed, whatever has restarted since.
 *
 * Triggers write the entries, see changes-table.ts.
 */

export interface BuildChange {
  /** number of the change */
  id: number;
  build: BuildId;
  repo: string;
  /** the build's status now */
  status: Status;
}

/** The changes after that number that the reader may see, oldest first. */
export async function changesAfter(
  database: Database,
  after: number,
  limit: number,
  reader = administrator,
): Promise<BuildChange[]> {
  const rows = await database.db
    .selectFrom('changes')
    .innerJoin('builds', 'builds.id', 'changes.build_id')
    .select(['changes.id', 'changes.build_id', 'builds.repo', 'builds.status'])
    .where('changes.id', '>', after)
    .where(readable(reader, 'builds.repo'))
    .orderBy('changes.id')
    .limit(limit)
    .execute();
  return rows.map(({ id, build_id, repo, status }) => ({ id, build: String(build_id) as BuildId, repo, status }));
}

/** The number of the latest change, 0 if there was none. */
export async function latestChange(database: Database): Promise<number> {
  const row = await database.db
    .selectFrom('changes')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}
