import { dueWaits } from '../record/approvals.ts';
import type { DispatcherContext } from './context.ts';

/** How many waits a poll ends. */
const batch = 100;

/** Moves on the builds of which a waiting time or the time for an approval is over, or that were decided about. */
export async function pursueDueWaits({ database, queues }: DispatcherContext): Promise<void> {
  for (const build of await dueWaits(database, batch)) await queues.sendAdvance({ v: 1, build });
}
