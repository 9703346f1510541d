/** Who has or had an attempt. */
export interface RunnerOfAttempt {
  id: string;
  name: string;
  host: string;
}

/** How a runner was lost that had an attempt. Times are milliseconds since 1970. */
export interface RecordedLoss {
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
  /** whether nothing else is known to have gone with it */
  alone: boolean;
}

/** What the row of an attempt tells of its runner; nothing where that is not known. */
export function runnerColumns(runner: RunnerOfAttempt | undefined) {
  return runner ? { runner_id: runner.id, runner_name: runner.name, runner_host: runner.host } : {};
}

/** What the row of an attempt tells of the loss of its runner; nothing where that was not lost. */
export function lossColumns(loss: RecordedLoss | undefined) {
  return loss ? { lost_at: loss.lostAt, noticed_at: loss.noticedAt, lost_alone: loss.alone ? 1 : 0 } : {};
}
