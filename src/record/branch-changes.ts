import type { Selectable } from 'kysely';
import { type BranchChange, moveBranch } from './branch-states.ts';
import type { Database, Write } from './database.ts';
import { anyNoticeTarget } from './notice-targets.ts';
import type { Schema } from './schema.ts';

/**
 * What people hear of builds. The end of a build leaves a change of its branch, in the transaction that ends it; a notifier makes
 * notices of the change, one for each target and recipient, and sends them, see notifier/.
 */

/** A build has ended. */
export async function noteBranchChange(db: Write, build: Selectable<Schema['builds']>): Promise<void> {
  const change = await moveBranch(db, build);
  if (!change || !(await anyNoticeTarget({ db }))) return;
  const { event, isChange, since } = change;
  await db
    .insertInto('branch_changes')
    .values({ build_id: build.id, event, is_change: isChange ? 1 : 0, since })
    .execute();
}

/** A change of a branch of which notices are to be made. */
export interface PendingChange extends BranchChange {
  build: Selectable<Schema['builds']>;
  defaultBranch: string | null;
}

/** Whether changes wait for their notices. */
export async function anyChange({ db }: Pick<Database, 'db'>): Promise<boolean> {
  return (await db.selectFrom('branch_changes').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Takes the earliest change out of the list: whoever takes it makes its notices in the same transaction. */
export async function takeChange(db: Write): Promise<PendingChange | undefined> {
  const taken = await db
    .deleteFrom('branch_changes')
    .where('id', '=', (eb) => eb.selectFrom('branch_changes').select((each) => each.fn.min('id').as('id')))
    .returningAll()
    .executeTakeFirst();
  if (!taken) return undefined;
  const { default_branch, ...build } = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .selectAll('builds')
    .select('repositories.default_branch')
    .where('builds.id', '=', taken.build_id)
    .executeTakeFirstOrThrow();
  const { event, is_change, since } = taken;
  return { build, event, isChange: is_change === 1, since, defaultBranch: default_branch };
}
