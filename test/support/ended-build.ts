import type { BuildId, FinalStatus, JobId } from '../../src/kernel/model.ts';
import type { Database } from '../../src/record/database.ts';
import { finishAttempt } from '../../src/record/job-transitions.ts';

/** Ends the current attempt of the one job of a build, and so the build. */
export async function endBuild(database: Database, build: BuildId, status: FinalStatus, attempt = 1): Promise<void> {
  const now = Date.now();
  const reasons = {
    failure: 'exit_code',
    error: 'checkout_failed',
    cancelled: 'by_user',
    skipped: 'condition',
  } as const;
  await finishAttempt(
    database,
    { job: `${build}-1` as JobId, attempt },
    {
      ...{ status, reason: status === 'success' ? null : reasons[status], message: null, exitCode: null, steps: [] },
      ...{ logBytes: 0, logComplete: true, runner: { id: 'r1~1', name: 'r1', host: 'box' } },
      ...{ startedAt: now, finishedAt: now },
    },
  );
}
