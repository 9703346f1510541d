import { isJobQueue } from '../../queues/names.ts';
import { listRunners } from '../../redis/membership.ts';
import { everyLater, type Repeating } from '../../system/wait.ts';
import type { FleetHistory, FleetMoment } from './fleet-history.ts';
import type { StatusSources } from './sources.ts';
import { askRedis, queueDepths } from './system-status.ts';

/** What is looked into. */
type Looked = StatusSources & { fleet: FleetHistory };

/** Milliseconds between two looks. */
const interval = 15_000;

/** Looks at queues and runners from now on, and adds what it sees to the fleet's history. */
export function watchFleet(web: Looked, ms = interval): Repeating {
  return everyLater(
    ms,
    async () => web.fleet.add(await momentNow(web)),
    () => web.fleet.add({ at: Date.now(), waiting: null, busy: null, slots: null }),
  );
}

async function momentNow(web: Looked): Promise<FleetMoment> {
  const at = Date.now();
  const seen = await askRedis(web, () => Promise.all([queueDepths(web), listRunners(web.access)]));
  if (!seen) return { at, waiting: null, busy: null, slots: null };
  const [depths, { alive }] = seen;
  const queued = depths.filter(({ name }) => isJobQueue(name));
  return {
    at,
    waiting: queued.reduce((sum, { waiting, prioritized, delayed }) => sum + waiting + prioritized + delayed, 0),
    busy: alive.reduce((sum, { running }) => sum + running.length, 0),
    slots: alive.reduce((sum, { slots }) => sum + slots, 0),
  };
}
