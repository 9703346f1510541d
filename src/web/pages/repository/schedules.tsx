import type { schedulesOf } from '../../../record/schedules.ts';
import { At } from '../parts.tsx';

/** When the workflows of the default branch run next. */
export function Schedules({ schedules }: { schedules: Awaited<ReturnType<typeof schedulesOf>> }) {
  if (schedules.length === 0) return null;
  return (
    <section>
      <h2>Schedules</h2>
      <ul class="plain">
        {schedules.map(({ workflow, cron, timezone, nextAt }) => (
          <li>
            <code>{cron}</code> {timezone ?? 'UTC'} · {workflow} ·{' '}
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
    </section>
  );
}
