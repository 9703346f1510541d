import { Cron } from 'croner';
import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { dueSchedules, runSchedule, type ScheduleEntry, setSchedules } from '../record/schedules.ts';
import type { Workflow } from '../workflow/workflow.ts';

/** Takes over the schedules of the workflows of a repository's default branch. */
export async function takeSchedules(record: Record, repo: string, workflows: readonly Workflow[]): Promise<void> {
  const entries = workflows.flatMap(({ path, on }) =>
    (on.schedule ?? []).map(({ cron, timezone = null }) => ({ workflow: path, cron, timezone })),
  );
  const now = new Date();
  await setSchedules(record, repo, entries, (entry) => nextTime(entry, now));
}

/**
 * Asks for the builds whose time has come. A time that nobody was there for is made up for once, however often it has
 * passed.
 */
export async function runSchedules({ record, queues, logger }: StageContext & { record: Record }): Promise<void> {
  const now = new Date();
  for (const due of await dueSchedules(record, now.getTime())) {
    const { repo, host, workflow, cron } = due;
    const done = await runSchedule(record, due, nextTime(due, now), { name: 'schedule', workflow, cron });
    if (!done) continue;
    logger.info(`scheduled run of ${workflow}`, { repo });
    await queues.sendObserve(host, { v: 1, repo, cause: 'person' });
  }
}

/** @returns milliseconds since 1970, null where there is no such time */
function nextTime({ cron, timezone }: ScheduleEntry, after: Date): number | null {
  return new Cron(cron, { paused: true, timezone: timezone ?? 'UTC' }).nextRun(after)?.getTime() ?? null;
}
