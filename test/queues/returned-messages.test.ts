import { expect } from 'chai';
import { attemptName } from '../../src/kernel/model.ts';
import { jobQueue } from '../../src/queues/names.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { writeHeartbeat } from '../../src/redis/membership.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { runnerMember } from '../support/members.ts';
import { jobMessageOf } from '../support/messages.ts';
import { unknownSigner } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

describe('a message that Redis has again because it lost its last writes', () => {
  let test: TestAccess;
  let queues: Queues;
  let workers: SlotWorker[];
  let ends: (() => void)[];

  beforeEach(async () => {
    test = await startAccess();
    queues = new Queues(test.access, test.logger, unknownSigner());
    workers = [];
    ends = [];
  });

  afterEach(async () => {
    for (const end of ends) end();
    for (const worker of workers) await worker.close();
    await queues.close();
    await test.stop();
  });

  /** A runner that runs its jobs until the test is over. */
  async function runner(name: string, isFree = () => true) {
    const names: string[] = [];
    const access = await test.another();
    const worker = new SlotWorker(access, {
      runner: `${name}~1`,
      slots: 1,
      labels: [],
      logger: test.logger,
      isGenuine: () => true,
      ready: isFree,
      run: async (message) => {
        names.push(attemptName(message));
        await new Promise<void>((resolve) => ends.push(resolve));
        return true;
      },
      refuse: async () => undefined,
    });
    workers.push(worker);
    let at = 0;
    /** a heartbeat later than all before */
    const report = () => {
      const heartbeatAt = new Date(++at).toISOString();
      return writeHeartbeat(access, 'runner', runnerMember(`${name}~1`, { running: names, heartbeatAt }));
    };
    return { names, report };
  }
  const waiting = () => queues.queue(jobQueue([])).getJobCountByTypes('prioritized', 'waiting', 'active');

  it('is taken by no other runner while the one that took it runs its attempt', async () => {
    const first = await runner('first');
    await first.report();
    let isFree = false;
    const second = await runner('second', () => isFree);
    await queues.sendJobs([{ message: jobMessageOf('1-1'), priority: 1 }]);
    // before anybody has taken it
    const setBack = await test.redis.keepData();
    await until('the first runner runs it', () => first.names.length === 1);
    isFree = true;
    await setBack();
    await until('the second runner has taken it again, too', async () =>
      (await queues.queue(jobQueue([])).getActive()).some((job) => job.id === '1-1.1'),
    );
    await until('its message is removed', async () => {
      await first.report();
      return (await waiting()) === 0;
    });
    expect(first.names).to.deep.equal(['1-1.1']);
    expect(second.names).to.deep.equal([]);
    expect(test.lines.join('\n')).to.include('removed a message that came again: runner first has its attempt');
  });

  it('is begun when no runner that is left runs its attempt', async () => {
    await queues.sendJobs([{ message: jobMessageOf('1-1'), priority: 1 }]);
    const setBack = await test.redis.keepData();
    await setBack();
    const only = await runner('only');
    await until('the job is begun', () => only.names.length === 1);
  });
});
