import type { BuildSummary } from '../../../kernel/model.ts';
import { newestOf } from '../../../record/branches.ts';
import type { Database } from '../../../record/database.ts';
import { type ScheduleEntry, schedulesOf } from '../../../record/schedules.ts';
import { At, BuildMark } from '../parts.tsx';

interface ScheduleFacts extends ScheduleEntry {
  nextAt: number | null;
  /** the newest build that a schedule of the workflow has started */
  newest: BuildSummary | undefined;
}

/** @param branch full name of the ref of the default branch, on which schedules run; null before it is known */
export async function scheduleFacts(database: Database, repo: string, branch: string | null): Promise<ScheduleFacts[]> {
  const schedules = await schedulesOf(database, repo);
  return Promise.all(
    schedules.map(async (schedule) => ({
      ...schedule,
      newest: branch === null ? undefined : await newestOf(database, { repo, ref: branch, series: schedule.workflow }),
    })),
  );
}

/** How the scheduled workflows of the default branch ended last, and when they run next. */
export function Schedules({ schedules }: { schedules: readonly ScheduleFacts[] }) {
  if (schedules.length === 0) return null;
  return (
    <>
      <h2>Schedules</h2>
      <ul class="plain">
        {schedules.map(({ workflow, cron, timezone, nextAt, newest }) => (
          <li>
            <code>{cron}</code> {timezone ?? 'UTC'} · {workflow} ·{' '}
            {newest && (
              <>
                <BuildMark build={newest} /> <a href={`/builds/${newest.id}`}>#{newest.number}</a> ·{' '}
              </>
            )}
            {nextAt === null ? (
              'no next run'
            ) : (
              <>
                next run <At time={new Date(nextAt).toISOString()} />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
