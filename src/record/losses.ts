import type { AttemptRef } from '../kernel/model.ts';
import {
  lossColumns,
  type RecordedLoss,
  type RunnerOfAttempt,
  runnerColumns,
  updateAttempt,
} from './attempt-columns.ts';
import type { Database } from './database.ts';

/** Records how the runner of an attempt was lost, for an attempt that is followed by no other. */
export async function noteLoss(
  database: Database,
  ref: AttemptRef,
  loss: RecordedLoss & { how: string },
  runner: RunnerOfAttempt | undefined,
): Promise<void> {
  await database.write((db) =>
    updateAttempt(db, ref)
      .set({ message: loss.how, ...lossColumns(loss), ...runnerColumns(runner) })
      .where('finished_at', 'is', null)
      .where('lost_at', 'is', null)
      .execute(),
  );
}
