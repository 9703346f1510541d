import { QueuedMessages } from '../../../src/dispatcher/queued-messages.ts';
import { reconcile } from '../../../src/dispatcher/reconcile.ts';
import { routeBuild } from '../../../src/dispatcher/route.ts';
import { RunnerWatch } from '../../../src/dispatcher/runner-watch.ts';
import { SlotWorker } from '../../../src/queues/slots.ts';
import { identityOf } from '../../../src/record/build-ids.ts';
import { type NewBuild, recordPlan } from '../../../src/record/plans.ts';
import { administrator } from '../../../src/record/visibility.ts';
import { claimRedis } from '../../../src/redis/identity.ts';
import { Bell } from '../../../src/system/wait.ts';
import { systemStatus } from '../../../src/web/status/system-status.ts';
import { newBuild, observed, plannedJob } from '../../support/record.ts';
import { TestVolt } from '../../support/volt.ts';
import type { Growth } from './curve.ts';
import { Collection } from './samples.ts';

const jobsOfBuild = 500;
/** milliseconds */
const patience = 10_000;

/** With so many waiting jobs in one queue: the cost of one more, and of taking one. */
export async function queuedJobs(sizes: readonly number[], n: number): Promise<{ growths: Growth[]; notes: string[] }> {
  const volt = await TestVolt.start();
  const { database, access, logger } = volt.context;
  const collection = new Collection('queued jobs');
  const notes: string[] = [];
  try {
    await observed(database);
    const send = async (change: Partial<NewBuild>) => {
      const planned = await recordPlan(database, newBuild(change));
      if (planned.outcome !== 'made') throw new Error(planned.outcome);
      await routeBuild(volt.context, planned.build);
    };
    let queued = 0;
    const before = await usedMemory(volt);
    const fleet = new RunnerWatch(volt.context);
    const messages = new QueuedMessages(volt.context);
    for (const size of sizes) {
      for (; queued < size; queued += jobsOfBuild) {
        const jobs = Array.from({ length: jobsOfBuild }, (_, index) => plannedJob(`job ${index}`));
        await send({ jobs });
      }
      await collection.measure('a build of one job: recorded and sent', size, n, () => send({}));
      await collection.measure('the dispatcher’s look at the fleet', size, n, () => fleet.poll());
      await collection.measure('volt status', size, n, () => systemStatus(volt.context, administrator));
      await collection.measure('making queues and record agree', size, Math.min(n, 20), () =>
        reconcile(volt.context, undefined, messages),
      );
      const taken = new Bell();
      const over = new Bell();
      const worker = new SlotWorker(access, {
        ...{ runner: `r${size}~1`, slots: 1, labels: [], logger },
        run: async () => {
          taken.ring();
          await over.wait(patience);
          return true;
        },
        refuse: async () => {},
        isGenuine: () => true,
        ready: () => true,
      });
      await collection.measure('a runner takes a job and is done with it', size, n, async () => {
        over.ring();
        await taken.wait(patience);
      });
      const closed = worker.close();
      over.ring();
      await closed;
      await collection.measure('all priorities changed', size, 1, async () => {
        await database.db
          .updateTable('jobs')
          .set((eb) => ({ virtual_start: eb('virtual_start', '+', 1) }))
          .where('status', '=', 'queued')
          .execute();
        while (await messages.poll(new Set()));
      });
      await collection.measure('everything sent to a Redis that was emptied', size, 1, async () => {
        await access.client.flushall();
        await claimRedis(access, identityOf(database));
        await access.client.del(access.keys.young);
        while (await messages.poll(new Set()));
      });
    }
    const each = ((await usedMemory(volt)) - before) / queued / 1024;
    notes.push(`Redis: ${each.toFixed(1)} kB for each queued job; this process: ${rss()} MB`);
  } finally {
    await volt.stop();
  }
  return { growths: collection.growths, notes };
}

async function usedMemory(volt: TestVolt): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await volt.context.access.client.info('memory'))?.[1]);
}

function rss(): string {
  return (process.memoryUsage.rss() / 1024 / 1024).toFixed(0);
}
