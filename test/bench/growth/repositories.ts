import { PollSchedules } from '../../../src/observer/poll-schedules.ts';
import { consume } from '../../../src/queues/consumer.ts';
import { observeMessage } from '../../../src/queues/messages.ts';
import { observeQueue } from '../../../src/queues/names.ts';
import { recordPlan } from '../../../src/record/plans.ts';
import { listRepositories } from '../../../src/record/repositories.ts';
import { repositoriesOn } from '../../../src/record/repository-hosts.ts';
import { administrator } from '../../../src/record/visibility.ts';
import { Bell } from '../../../src/system/wait.ts';
import { systemStatus } from '../../../src/web/status/system-status.ts';
import { newBuild, observed } from '../../support/record.ts';
import { TestVolt } from '../../support/volt.ts';
import type { Growth } from './curve.ts';
import { Collection } from './samples.ts';

/** milliseconds */
const patience = 10_000;

/** With so many repositories: the cost of scheduling one, and of handing out one poll. */
export async function repositories(
  sizes: readonly number[],
  n: number,
): Promise<{ growths: Growth[]; notes: string[] }> {
  const volt = await TestVolt.start();
  const { access, queues, database, logger, problems } = volt.context;
  const collection = new Collection('observed repositories');
  try {
    let scheduled = 0;
    for (const size of sizes) {
      for (; scheduled < size; scheduled++) {
        await observed(database, `repo-${scheduled}`);
        await queues.scheduleObserve(null, `repo-${scheduled}`, 3600);
      }
      await collection.measure('scheduling one', size, n, (index) =>
        queues.scheduleObserve(null, `more-${index}`, 3600),
      );
      const schedules = new PollSchedules(volt.context);
      await schedules.renew();
      await collection.measure('renewing schedules, each 15 s', size, n, () => schedules.renew());
      await collection.measure('a look for repositories to watch, each 2 s', size, n, () =>
        repositoriesOn(database, ['this-machine']),
      );
      await collection.measure('volt status', size, n, () => systemStatus(volt.context, administrator));
      await collection.measure('recording a build while nothing is open', size, n, async () => {
        await recordPlan(database, newBuild({ repo: 'repo-7' }));
        await database.db.deleteFrom('builds').execute();
      });
      await collection.measure('reading the list of all', size, n, () => listRepositories(database));
      const polled = new Bell();
      const over = new Bell();
      const consumer = consume(access, {
        queue: observeQueue(null),
        schema: observeMessage,
        concurrency: 1,
        logger,
        problems,
        handle: async () => {
          polled.ring();
          await over.wait(patience);
        },
      });
      await collection.measure('handing out one poll', size, n, async () => {
        over.ring();
        await polled.wait(patience);
      });
      const closed = consumer.close();
      over.ring();
      await closed;
    }
  } finally {
    await volt.stop();
  }
  return { growths: collection.growths, notes: [] };
}
