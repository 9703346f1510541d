import { type ExpressionBuilder, sql } from 'kysely';
import { serverNow } from '../kernel/server-time.ts';
import { pause } from '../system/wait.ts';
import type { Database, Write } from './database.ts';
import { addRequest, type EventRequest } from './event-requests.ts';
import type { Schema } from './schema.ts';

/** How far a ref is built. */
export interface Cursor {
  ref: string;
  /** the last commit that was built or skipped */
  sha: string;
  /** how often the ref has started over: it moved to a commit that does not descend from the one before, or was recreated */
  generation: number;
  /** the ref was deleted or no longer observed: when it comes back, only its head is built */
  absent: boolean;
  /** its current commit must be built again */
  again: boolean;
}

/** Leaves out the cursors of pull requests, of which a repository may have thousands. */
export function isBranchOrTag(eb: ExpressionBuilder<Schema, 'cursors'>) {
  return eb.or([eb('cursors.ref', 'like', 'refs/heads/%'), eb('cursors.ref', 'like', 'refs/tags/%')]);
}

/** The cursors of branches and tags, by ref. */
export async function cursorsOf(database: Database, repo: string): Promise<Map<string, Cursor>> {
  return byRef(await cursorRows(database, repo).where(isBranchOrTag).execute());
}

/** The cursors of these refs, by ref. */
export async function cursorsAt(database: Database, repo: string, refs: string[]): Promise<Map<string, Cursor>> {
  return refs.length === 0 ? new Map() : byRef(await cursorRows(database, repo).where('ref', 'in', refs).execute());
}

function cursorRows(database: Database, repo: string) {
  const columns = ['ref', 'sha', 'generation', 'absent', 'again'] as const;
  return database.db.selectFrom('cursors').select(columns).where('repo', '=', repo);
}

function byRef(rows: Awaited<ReturnType<ReturnType<typeof cursorRows>['execute']>>): Map<string, Cursor> {
  return new Map(rows.map((row) => [row.ref, { ...row, absent: row.absent === 1, again: row.again === 1 }]));
}

/** Moves a ref's cursor from `before` to `after`; false if it is not at `before`. */
export async function moveCursor(
  db: Write,
  repo: string,
  before: { sha: string; generation: number } | null,
  after: { ref: string; sha: string; generation: number },
): Promise<boolean> {
  const to = { sha: after.sha, generation: after.generation, moved_at: serverNow(), absent: 0, again: 0 };
  if (before === null) {
    const inserted = await db
      .insertInto('cursors')
      .values({ repo, ref: after.ref, ...to })
      .onConflict((conflict) => conflict.doNothing())
      .returning('ref')
      .executeTakeFirst();
    return inserted !== undefined;
  }
  const moved = await db
    .updateTable('cursors')
    .set(to)
    .where('repo', '=', repo)
    .where('ref', '=', after.ref)
    .where('sha', '=', before.sha)
    .where('generation', '=', before.generation)
    .returning('ref')
    .executeTakeFirst();
  return moved !== undefined;
}

/** Refs that are written at a time, few enough to leave the event loop and the database to others in between. */
const refsAtOnce = 200;

/** A ref that is deleted, or back. */
export interface PresenceChange {
  cursor: Cursor;
  absent: boolean;
  /** what is asked for if nobody has noted it before */
  request?: EventRequest;
}

/** Notes which refs were deleted and which are back, for cursors that have not moved since they were read. */
export async function markAbsent(database: Database, repo: string, changes: readonly PresenceChange[]): Promise<void> {
  const rest = [...changes];
  while (rest.length > 0) {
    const some = rest.splice(0, refsAtOnce);
    await database.write(async (db) => {
      for (const { cursor, absent, request } of some) {
        const changed = await db
          .updateTable('cursors')
          .set({ absent: absent ? 1 : 0 })
          .where('repo', '=', repo)
          .where('ref', '=', cursor.ref)
          .where('sha', '=', cursor.sha)
          .where('generation', '=', cursor.generation)
          .where('absent', '=', absent ? 0 : 1)
          .returning('ref')
          .executeTakeFirst();
        if (changed && request) await addRequest(db, repo, request);
      }
    });
    if (rest.length > 0) await pause(0);
  }
}

/**
 * Makes the heads of a repository's branches be built again. The new generation invalidates commit messages under way, so
 * their commits are sent again under the current settings.
 * @param absent whether deleted branches start over, too, in case they come back at the same commit
 */
export async function renewCursors(db: Write, repo: string, { absent }: { absent: boolean }): Promise<void> {
  let branches = db
    .updateTable('cursors')
    .set((eb) => ({ again: 1, generation: eb('generation', '+', 1) }))
    .where('repo', '=', repo)
    .where('ref', 'like', 'refs/heads/%');
  if (!absent) branches = branches.where('absent', '=', 0);
  await branches.execute();
}

/**
 * Forgets deleted branches and pull requests without builds: if one comes back, it is new. Deleted tags are remembered forever,
 * since an old tag that comes back must not be built; the heads of pull requests are remembered elsewhere. What notices know of a
 * branch is forgotten with its builds, too.
 */
export async function forgetGoneBranches(database: Database, repo: string): Promise<void> {
  await database.write(async (db) => {
    await db
      .deleteFrom('cursors')
      .where('repo', '=', repo)
      .where((eb) =>
        eb.or([eb.and([eb('ref', 'like', 'refs/heads/%'), eb('absent', '=', 1)]), eb.not(isBranchOrTag(eb))]),
      )
      .where(withoutBuilds('cursors'))
      .execute();
    await db.deleteFrom('branch_states').where('repo', '=', repo).where(withoutBuilds('branch_states')).execute();
  });
}

/** The condition that the ref of a row has no builds. */
function withoutBuilds(table: 'cursors' | 'branch_states') {
  const [repo, ref] = [sql.ref(`${table}.repo`), sql.ref(`${table}.ref`)];
  return sql<boolean>`not exists (select 1 from builds where builds.repo = ${repo} and builds.ref = ${ref})`;
}

/**
 * Marks the tags that exist when their globs are first set as seen, so that only later tags are built. Tags with a cursor
 * keep it.
 * @param globs the tags that are observed
 */
export async function passOverTags(
  database: Database,
  repo: string,
  globs: readonly string[],
  tags: readonly { ref: string; sha: string }[],
): Promise<void> {
  const asked = JSON.stringify(globs);
  const rest = tags.map((tag) => ({ repo, ...tag, generation: 0, moved_at: serverNow() }));
  while (rest.length > 0) {
    const rows = rest.splice(0, refsAtOnce);
    const wanted = await database.write(async (db) => {
      // another observer has done it, and a tag that came since then is new
      if (!(await stillUnseen(db, repo, asked))) return false;
      await db
        .insertInto('cursors')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return true;
    });
    if (!wanted) return;
    await pause(0);
  }
  await database.write((db) =>
    db
      .updateTable('repositories')
      .set({ tags_seen: asked })
      .where('name', '=', repo)
      .where('tags', '=', asked)
      .execute(),
  );
}

/** Whether these are the repository's globs, and their old tags are not marked as seen yet. */
async function stillUnseen(db: Write, repo: string, asked: string): Promise<boolean> {
  const row = await db
    .selectFrom('repositories')
    .select(['tags', 'tags_seen'])
    .where('name', '=', repo)
    .executeTakeFirst();
  return row?.tags === asked && row.tags_seen !== asked;
}
