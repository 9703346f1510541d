import type { AttemptRef } from '../kernel/model.ts';
import { lossColumns, type RecordedLoss, type RunnerOfAttempt, runnerColumns } from './attempt-columns.ts';
import type { Database } from './database.ts';

/** Records how the runner of an attempt was lost, for an attempt that is followed by no other. */
export async function noteLoss(
  database: Database,
  ref: AttemptRef,
  loss: RecordedLoss & { how: string },
  runner: RunnerOfAttempt | undefined,
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('attempts')
      .set({ message: loss.how, ...lossColumns(loss), ...runnerColumns(runner) })
      .where('job_id', '=', ref.job)
      .where('number', '=', ref.attempt)
      .where('finished_at', 'is', null)
      .where('lost_at', 'is', null)
      .execute(),
  );
}
