import { routeBuild } from '../../../src/dispatcher/route.ts';
import { RunnerWatch } from '../../../src/dispatcher/runner-watch.ts';
import { attemptName, type BuildId, jobIdOf } from '../../../src/kernel/model.ts';
import { SlotWorker } from '../../../src/queues/slots.ts';
import { startAttempt } from '../../../src/record/job-transitions.ts';
import { recordPlan } from '../../../src/record/plans.ts';
import { administrator } from '../../../src/record/visibility.ts';
import { listRunners, writeHeartbeat } from '../../../src/redis/membership.ts';
import { systemStatus } from '../../../src/web/status/system-status.ts';
import { runnerMember } from '../../support/members.ts';
import { newBuild, observed, plannedJob } from '../../support/record.ts';
import { until } from '../../support/until.ts';
import { TestVolt } from '../../support/volt.ts';
import type { Growth } from './curve.ts';
import { Collection } from './samples.ts';

/** number of running attempts of each runner */
const slots = 2;

/** With so many registered runners without processes: the cost of a check for lost runners. */
export async function runners(sizes: readonly number[], n: number): Promise<{ growths: Growth[]; notes: string[] }> {
  const volt = await TestVolt.start();
  const { access, database } = volt.context;
  const collection = new Collection('runners');
  try {
    await observed(database);
    const fleet = new RunnerWatch(volt.context);
    for (const size of sizes) {
      await keep(
        volt,
        Array.from({ length: size }, () => []),
      );
      await collection.measure('a heartbeat', size, n, async () =>
        writeHeartbeat(access, 'runner', runnerMember('one~1')),
      );
      await collection.measure('the list of all', size, n, () => listRunners(access));
      await collection.measure('the dispatcher’s look at the fleet', size, n, () => fleet.poll());
      await collection.measure('volt status', size, n, () => systemStatus(volt.context, administrator));
      const rest = await allAtWork(volt, size);
      await collection.measure('the dispatcher’s look at the fleet, all at work', size, n, () => fleet.poll());
      await rest();
    }
  } finally {
    await volt.stop();
  }
  return { growths: collection.growths, notes: ['each look reads every heartbeat: linear is what is expected'] };
}

/** @param running names of the attempts of each runner */
async function keep({ context: { access } }: TestVolt, running: readonly string[][]): Promise<void> {
  for (const [index, attempts] of running.entries()) {
    const member = runnerMember(`runner-${index}~1`, {
      host: `host-${index}`,
      machine: `machine-${index}`,
      labels: ['linux', 'x64'],
      slots,
      running: attempts,
    });
    await writeHeartbeat(access, 'runner', member);
    // their heartbeats outlive the measurement
    await access.client.pexpire(access.keys.member('runner', member.id), 600_000);
  }
}

/**
 * Fills every slot of every runner with an attempt.
 * @returns frees all slots
 */
async function allAtWork(volt: TestVolt, size: number): Promise<() => Promise<void>> {
  const { database, access, logger } = volt.context;
  const jobs = Array.from({ length: size * slots }, (_, index) => plannedJob(`job ${index}`));
  const planned = await recordPlan(database, newBuild({ jobs }));
  const { build } = planned as { build: BuildId };
  await routeBuild(volt.context, build);
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  let taken = 0;
  const worker = new SlotWorker(access, {
    ...{ runner: 'all~1', slots: jobs.length, labels: [], logger, ready: () => true, isGenuine: () => true },
    run: async () => {
      taken++;
      await over;
      return true;
    },
    refuse: async () => {},
  });
  await until('all are taken', () => taken === jobs.length, 120_000);
  const attempts = jobs.map((_, index) => ({ job: jobIdOf(build, index + 1), attempt: 1 }));
  const own = (runner: number) => attempts.slice(runner * slots, (runner + 1) * slots);
  for (let runner = 0; runner < size; runner++) {
    const by = { id: `runner-${runner}~1`, name: `runner-${runner}`, host: `host-${runner}` };
    for (const attempt of own(runner)) await startAttempt(database, attempt, by, Date.now());
  }
  await keep(
    volt,
    Array.from({ length: size }, (_, runner) => own(runner).map(attemptName)),
  );
  return async () => {
    const closed = worker.close();
    end();
    await closed;
    await database.db.deleteFrom('builds').execute();
  };
}
