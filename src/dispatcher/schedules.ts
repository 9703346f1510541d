import { Cron } from 'croner';
import { VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { dueSchedules, type NewSchedule, runSchedule, type ScheduleEntry } from '../record/schedules.ts';
import type { Workflow } from '../workflow/workflow.ts';
import type { DispatcherContext } from './context.ts';

/** Of one commit's workflows: setting each one takes time. */
const mostSchedules = 1000;

/**
 * The schedules of the workflows of a repository's default branch.
 * @throws VoltError `too_large`
 */
export function schedulesIn(workflows: readonly Workflow[], now: Date): NewSchedule[] {
  const entries = workflows.flatMap(({ path, on }) =>
    (on.schedule ?? []).map(({ cron, timezone = null }) => ({ workflow: path, cron, timezone })),
  );
  if (entries.length > mostSchedules) {
    const message = `the workflows of the commit have ${entries.length} schedules; a repository may have ${mostSchedules}`;
    throw new VoltError('too_large', message, { remedy: 'Merge schedules.' });
  }
  return entries.map((entry) => ({ ...entry, nextAt: nextTime(entry, now) }));
}

/**
 * Requests the builds of schedules that are due. A schedule missed while Volt was down runs once, however often it was
 * missed.
 */
export async function runSchedules({ database, queues, logger }: DispatcherContext): Promise<void> {
  const now = new Date(serverNow());
  for (const due of await dueSchedules(database, now.getTime())) {
    const { repo, host, workflow, cron } = due;
    const done = await runSchedule(database, due, nextTime(due, now), { name: 'schedule', workflow, cron });
    if (!done) continue;
    logger.info(`scheduled run of ${workflow}`, { repo });
    await queues.sendObserve(host, { v: 1, repo, cause: 'person' });
  }
}

/** @returns milliseconds since 1970, null if there is no next time */
function nextTime({ cron, timezone }: ScheduleEntry, after: Date): number | null {
  return new Cron(cron, { paused: true, timezone: timezone ?? 'UTC' }).nextRun(after)?.getTime() ?? null;
}
