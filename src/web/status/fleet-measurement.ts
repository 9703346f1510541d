import { isJobQueue } from '../../queues/names.ts';
import { listRunners } from '../../redis/membership.ts';
import { everyLater, type Repeating } from '../../system/wait.ts';
import { askRedis } from './ask-redis.ts';
import type { FleetHistory, FleetMoment } from './fleet-history.ts';
import { queueDepths } from './queue-depths.ts';
import type { StatusSources } from './sources.ts';

/** Milliseconds between two measurements. */
const interval = 15_000;

/** Measures queues and runners regularly and adds the numbers to the history. */
export function measureFleet(web: StatusSources & { fleet: FleetHistory }, ms = interval): Repeating {
  return everyLater(
    ms,
    async () => web.fleet.add(await momentNow(web)),
    () => web.fleet.add({ at: Date.now(), waiting: null, busy: null, slots: null }),
  );
}

async function momentNow(web: StatusSources): Promise<FleetMoment> {
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
