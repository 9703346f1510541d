import type { BuildId, JobId } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/finished-attempts.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { recordedBuild } from './record.ts';

/** Records a build whose one job passed so many days ago, with its files in test_results/. */
export async function finishedBuild(
  database: Database,
  daysAgo: number,
  change: Partial<NewBuild> = {},
): Promise<BuildId> {
  const build = await recordedBuild(database, change);
  const at = Date.now() - daysAgo * 86_400_000;
  await finishAttempt(
    database,
    { job: `${build}-1` as JobId, attempt: 1 },
    {
      ...{ status: 'success', reason: null, message: null, exitCode: 0, steps: [], logBytes: 4, logComplete: true },
      runner: { id: 'r1~1', name: 'r1', host: 'box' },
      ...{ startedAt: at, finishedAt: at },
    },
  );
  await database.db
    .updateTable('builds')
    .set({ finished_at: at, reported_at: at })
    .where('id', '=', Number(build))
    .execute();
  return build;
}
