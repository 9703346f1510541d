import type { RunnerDrain } from '../kernel/model/access-shapes.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';

/**
 * The runners that a person has drained, by name. The row decides, so a drain outlives restarts of the runner and of Volt, and
 * a Redis that is emptied. It lasts until a person resumes the runner.
 */

/** Drains a runner; for one that is drained already, replaces the order. */
export async function drainRunner(database: Database, drain: Omit<RunnerDrain, 'since'>): Promise<void> {
  const { runner, reason, by } = drain;
  const order = { reason, drained_by: by, drained_at: serverNow() };
  await database.write((db) =>
    db
      .insertInto('runner_drains')
      .values({ runner, ...order })
      .onConflict((conflict) => conflict.column('runner').doUpdateSet(order))
      .execute(),
  );
}

/** Lets a runner take jobs again. */
export async function resumeRunner(database: Database, runner: string): Promise<void> {
  await database.write((db) => db.deleteFrom('runner_drains').where('runner', '=', runner).execute());
}

/** All drains, by the name of the runner. */
export async function listRunnerDrains(database: Database): Promise<RunnerDrain[]> {
  const rows = await database.db.selectFrom('runner_drains').selectAll().orderBy('runner').execute();
  return rows.map(({ runner, reason, drained_by, drained_at }) => ({
    ...{ runner, reason, by: drained_by },
    since: new Date(drained_at).toISOString(),
  }));
}
