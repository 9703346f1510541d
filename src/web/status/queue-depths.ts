import type { QueueDepth } from '../schemas/system.ts';
import { queueNames } from './queue-names.ts';
import type { StatusSources } from './sources.ts';

/** Counts under way. */
const counting = new WeakMap<StatusSources['queues'], Promise<QueueDepth[]>>();

/** The messages in each queue. There may be hundreds of queues, so concurrent callers share one count. */
export async function queueDepths(web: Pick<StatusSources, 'queues' | 'database'>): Promise<QueueDepth[]> {
  const underWay = counting.get(web.queues);
  if (underWay) return underWay;
  const count = queueNames(web)
    .then((names) => Promise.all(names.map((name) => depthOf(web, name))))
    .finally(() => counting.delete(web.queues));
  counting.set(web.queues, count);
  return count;
}

async function depthOf(web: Pick<StatusSources, 'queues'>, name: string): Promise<QueueDepth> {
  const counts = await web.queues.queue(name).getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
  const count = (state: string) => counts[state] ?? 0;
  return {
    name,
    waiting: count('waiting'),
    prioritized: count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    failed: count('failed'),
  };
}
