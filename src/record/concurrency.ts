import type { BuildId } from '../kernel/model.ts';
import type { Record, Write } from './record.ts';

/**
 * Concurrency groups of workflows: of one name in one repository, one holder is inside and one waits; who comes then
 * takes the place of the one that waits (docs.github.com, "Control the concurrency of workflows and jobs").
 */

export interface Holder {
  build: BuildId;
  /** path of the workflow's file, or id of the job */
  holder: string;
}

export interface Entry {
  /** whether it is inside now */
  inside: boolean;
  /** who is inside, where it is somebody else */
  heldBy: BuildId | null;
  /** whose place it has taken: they are to end */
  superseded: Holder[];
}

/** @param name in lower case */
export async function enterGroup(
  db: Write,
  repo: string,
  name: string,
  { build, holder }: Holder,
  cancelInProgress: boolean,
): Promise<Entry> {
  const rows = await db
    .selectFrom('concurrency')
    .selectAll()
    .where('repo', '=', repo)
    .where('name', '=', name)
    .orderBy('id')
    .execute();
  const mine = rows.find((row) => row.build_id === Number(build) && row.holder === holder);
  const held = rows.find((row) => row.inside === 1 && row !== mine);
  if (mine?.inside === 1) return { inside: true, heldBy: null, superseded: [] };
  const inside = held === undefined && (mine === undefined ? rows.length === 0 : rows[0] === mine);
  if (mine) {
    if (inside) await db.updateTable('concurrency').set({ inside: 1 }).where('id', '=', mine.id).execute();
    return { inside, heldBy: heldBy(held), superseded: [] };
  }
  const values = { repo, name, build_id: Number(build), holder, inside: inside ? 1 : 0 };
  await db.insertInto('concurrency').values(values).execute();
  const superseded = rows.filter((row) => row.inside === 0 || cancelInProgress);
  return { inside, heldBy: heldBy(held ?? rows[0]), superseded: superseded.map(holderOf) };
}

/** Who is in a group or waits for it, of one build. */
export async function groupsOf(record: Record, build: BuildId): Promise<{ id: number; holder: string }[]> {
  return record.db.selectFrom('concurrency').select(['id', 'holder']).where('build_id', '=', Number(build)).execute();
}

/**
 * Takes holders out of their groups.
 * @returns the builds that may be next
 */
export async function leaveGroups(db: Write, ids: readonly number[]): Promise<BuildId[]> {
  if (ids.length === 0) return [];
  const left = await db.deleteFrom('concurrency').where('id', 'in', ids).returning(['repo', 'name']).execute();
  const next: BuildId[] = [];
  for (const { repo, name } of left) {
    const rows = await db
      .selectFrom('concurrency')
      .select('build_id')
      .where('repo', '=', repo)
      .where('name', '=', name)
      .execute();
    next.push(...rows.map((row) => String(row.build_id) as BuildId));
  }
  return [...new Set(next)];
}

/** Builds that are over and still in a group: whoever was to take them out has died. */
export async function lingeringHolders(record: Record): Promise<BuildId[]> {
  const rows = await record.db
    .selectFrom('concurrency')
    .select('build_id')
    .distinct()
    // not a join, which SQLite might begin with all builds that ever were
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('builds')
          .select('id')
          .whereRef('builds.id', '=', 'concurrency.build_id')
          .where('finished_at', 'is not', null),
      ),
    )
    .execute();
  return rows.map((row) => String(row.build_id) as BuildId);
}

function heldBy(row: { build_id: number } | undefined): BuildId | null {
  return row === undefined ? null : (String(row.build_id) as BuildId);
}

function holderOf(row: { build_id: number; holder: string }): Holder {
  return { build: String(row.build_id) as BuildId, holder: row.holder };
}
