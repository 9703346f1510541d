import { serverNow } from '../kernel/server-time.ts';
import { addFleetMoment } from '../record/fleet-minutes.ts';
import { countOpenJobs } from '../record/waiting-jobs.ts';
import { listRunners } from '../redis/membership.ts';
import type { DispatcherContext } from './context.ts';

/** Measures the use of the fleet, for charts. */
export async function measureFleet({
  access,
  database,
}: Pick<DispatcherContext, 'access' | 'database'>): Promise<void> {
  const [{ alive }, { queued }] = await Promise.all([listRunners(access), countOpenJobs(database)]);
  await addFleetMoment(database, {
    at: serverNow(),
    waiting: queued,
    busy: alive.reduce((sum, { running }) => sum + running.length, 0),
    slots: alive.reduce((sum, { slots }) => sum + slots, 0),
  });
}
