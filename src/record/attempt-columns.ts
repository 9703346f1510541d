/** Who has or had an attempt. */
export interface RunnerOfAttempt {
  id: string;
  name: string;
  host: string;
  /** public key by which its words are known; absent where nothing is known but what others say of it */
  key?: string;
}

/** How a runner was lost that had an attempt. Times are milliseconds since 1970. */
export interface RecordedLoss {
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
  /** whether it counts towards `poison`, see dispatcher/take-back.ts */
  counts: boolean;
}

/** What the row of an attempt tells of its runner; nothing where that is not known. */
export function runnerColumns(runner: RunnerOfAttempt | undefined) {
  if (!runner) return {};
  const { id, name, host, key } = runner;
  return { runner_id: id, runner_name: name, runner_host: host, ...(key !== undefined && { runner_key: key }) };
}

/** What the row of an attempt tells of the loss of its runner; nothing where that was not lost. */
export function lossColumns(loss: RecordedLoss | undefined) {
  return loss ? { lost_at: loss.lostAt, noticed_at: loss.noticedAt } : {};
}
