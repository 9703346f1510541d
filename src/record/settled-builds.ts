import { type BuildSummary, isFinal } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { verdictOf } from '../kernel/verdict.ts';
import { noteBranchChange } from './branch-changes.ts';
import { summaryOf } from './builds.ts';
import { statusEnded } from './commit-statuses.ts';
import type { Write } from './database.ts';
import { updatePartStatuses } from './part-statuses.ts';
import { noteRuns } from './workflow-runs.ts';

/**
 * Makes the build final if all its jobs are, in the same transaction. A build whose verdict can only be bad gets the reason
 * at once.
 * @returns the build after that
 */
export async function settleBuild(db: Write, build: number): Promise<BuildSummary> {
  await noteRuns(db, build);
  const jobs = await db
    .selectFrom('jobs')
    .select(['name', 'status', 'reason', 'message', 'continue_on_error'])
    .where('build_id', '=', build)
    .execute();
  const { status, reason, message } = verdictOf(
    jobs.map(({ continue_on_error, ...job }) => ({ ...job, continueOnError: continue_on_error === 1 })),
  );
  if (!jobs.every((job) => isFinal(job.status))) {
    if (status === 'failure' || status === 'error')
      await db.updateTable('builds').set({ reason, message }).where('id', '=', build).execute();
    await updatePartStatuses(db, build);
    return summaryIn(db, build);
  }
  const settled = await db
    .updateTable('builds')
    .set((eb) => ({
      status,
      reason,
      message: eb.fn.coalesce(eb.val(message), 'message'),
      finished_at: serverNow(),
      reported_at: null,
    }))
    .where('id', '=', build)
    .where('finished_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!settled) return summaryIn(db, build);
  await statusEnded(db, build);
  await noteBranchChange(db, settled);
  return summaryOf(settled);
}

export async function summaryIn(db: Write, build: number): Promise<BuildSummary> {
  return summaryOf(await db.selectFrom('builds').selectAll().where('id', '=', build).executeTakeFirstOrThrow());
}
