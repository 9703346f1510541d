import { expect } from 'chai';
import type { JobId } from '../../src/kernel/model.ts';
import { attemptMessages, heldAttempts, holderOf, retireAttempt } from '../../src/queues/attempts.ts';
import { Queues } from '../../src/queues/queues.ts';
import { SlotWorker } from '../../src/queues/slots.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { jobMessageOf } from '../support/messages.ts';
import { unknownSigner } from '../support/runner-keys.ts';
import { until } from '../support/until.ts';

const first = { job: '1-1' as JobId, attempt: 1 };

describe('messages of attempts', () => {
  let test: TestAccess;
  let queues: Queues;
  const runners: { worker: SlotWorker; end(): void }[] = [];

  before(async () => {
    test = await startAccess();
    queues = new Queues(test.access, test.logger, unknownSigner());
  });

  afterEach(async () => {
    for (const { end } of runners) end();
    for (const { worker } of runners.splice(0)) await worker.close();
    await test.access.client.flushall();
  });

  after(async () => {
    await queues.close();
    await test.stop();
  });

  const send = (job: string, change: Parameters<typeof jobMessageOf>[1] = {}) =>
    queues.sendJobs([{ message: jobMessageOf(job, change), priority: 1 }]);
  const exists = async (id: string) => (await queues.queue('jobs').getJob(id)) !== undefined;

  /** A runner that goes on with what it takes until the end of the test. */
  function runner(id: string, slots = 1) {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const taken: string[] = [];
    const run = async ({ job, attempt }: { job: JobId; attempt: number }) => {
      taken.push(`${job}.${attempt}`);
      await ended;
      return true;
    };
    const worker = new SlotWorker(test.access, {
      runner: id,
      slots,
      labels: ['a'],
      logger: test.logger,
      isGenuine: () => true,
      ready: () => true,
      run,
      refuse: async () => undefined,
    });
    runners.push({ worker, end });
    return { worker, taken, end };
  }

  it('no runner holds a waiting or unknown attempt', async () => {
    expect(await holderOf(test.access, 'jobs', first)).to.equal(undefined);
    await send('1-1');
    expect(await holderOf(test.access, 'jobs', first)).to.equal(undefined);
    expect(await heldAttempts(test.access, queues)).to.deep.equal([]);
  });

  it('a runner holds an attempt until it has completed it', async () => {
    await send('1-1');
    await send('1-2', { labels: ['a'] });
    await send('1-3');
    const { taken, end, worker } = runner('box~1', 2);
    await until('it has taken two', () => taken.length === 2);
    const other = taken.includes('1-3.1') ? '1-3' : '1-1';
    expect(await holderOf(test.access, 'jobs.a', { job: '1-2' as JobId, attempt: 1 })).to.equal('box~1');
    expect(await heldAttempts(test.access, queues)).to.have.deep.members([
      { job: other, attempt: 1, queue: 'jobs', runner: 'box~1' },
      { job: '1-2', attempt: 1, queue: 'jobs.a', runner: 'box~1' },
    ]);
    end();
    await worker.close();
    expect(await heldAttempts(test.access, queues)).to.deep.equal([]);
  });

  it('all held attempts are listed, however many', async () => {
    const jobs = ['1-1', '1-2', '1-3', '1-4', '1-5'];
    for (const job of jobs) await send(job);
    const { taken } = runner('box~1', jobs.length);
    await until('all are taken', () => taken.length === jobs.length);
    expect((await heldAttempts(test.access, queues)).map(({ job }) => job)).to.have.members(jobs);
  });

  it('no runner holds a taken message without a lock', async () => {
    await send('1-1');
    const { taken } = runner('box~1');
    await until('it is taken', () => taken.length === 1);
    await test.access.client.del('volt:bull:jobs:1-1.1:lock');
    expect(await holderOf(test.access, 'jobs', first)).to.equal(undefined);
    expect(await heldAttempts(test.access, queues)).to.deep.equal([{ ...first, queue: 'jobs', runner: undefined }]);
  });

  it('the state and the priority of a message can be read, also of one that does not exist', async () => {
    const attempts = [
      { job: '1-1' as JobId, attempt: 1, labels: [] },
      { job: '1-1' as JobId, attempt: 2, labels: [] },
      { job: '1-2' as JobId, attempt: 1, labels: ['a'] },
      { job: '1-2' as JobId, attempt: 1, labels: [] },
    ];
    const none = undefined;
    const waits = { priority: 1, isDone: false };
    expect(await attemptMessages(test.access, [])).to.deep.equal([]);
    expect(await attemptMessages(test.access, attempts)).to.deep.equal([none, none, none, none]);
    await send('1-1');
    await send('1-2', { labels: ['a'] });
    expect(await attemptMessages(test.access, attempts)).to.deep.equal([waits, none, waits, none]);
    const { taken } = runner('box~1', 2);
    await until('both are taken', () => taken.length === 2);
    expect(await attemptMessages(test.access, attempts)).to.deep.equal([waits, none, waits, none]);
    await retireAttempt(test.access, queues, 'jobs', first);
    expect(await attemptMessages(test.access, attempts)).to.deep.equal([
      { priority: 1, isDone: true },
      none,
      waits,
      none,
    ]);
  });

  it('a waiting attempt is taken out of its queue', async () => {
    await send('1-1');
    await send('1-2');
    await retireAttempt(test.access, queues, 'jobs', first);
    expect(await exists('1-1.1')).to.equal(false);
    expect(await exists('1-2.1')).to.equal(true);
  });

  it('the dispatcher completes an attempt for the runner that holds it, which then changes nothing', async () => {
    await send('1-1');
    const lost = runner('lost~1');
    await until('it is taken', () => lost.taken.length === 1);
    await retireAttempt(test.access, queues, 'jobs', first);
    expect(await heldAttempts(test.access, queues)).to.deep.equal([]);

    await lost.worker.stopFetching();
    await send('1-1', { attempt: 2 });
    const next = runner('next~1');
    await until('the next attempt is taken', () => next.taken.length === 1);
    lost.end();
    await lost.worker.close();
    expect(await heldAttempts(test.access, queues)).to.deep.equal([
      { job: '1-1', attempt: 2, queue: 'jobs', runner: 'next~1' },
    ]);
    expect(test.lines.filter((line) => / (warn|error) /.test(line))).to.deep.equal([]);
  });

  for (const [whose, forget] of [
    ['whose holder is gone', async () => undefined],
    ['whose holder is gone without a lock', () => test.access.client.del('volt:bull:jobs:1-1.1:lock')],
  ] as const) {
    it(`an attempt ${whose} is given to no runner again, even if it is sent again`, async () => {
      await send('1-1');
      const lost = runner('lost~1');
      await until('it is taken', () => lost.taken.length === 1);
      await forget();
      await retireAttempt(test.access, queues, 'jobs', first);
      expect(await heldAttempts(test.access, queues)).to.deep.equal([]);
      await send('1-1', { attempt: 2 });
      await send('1-1');
      const next = runner('next~1', 2);
      await until('the next attempt is taken', () => next.taken.length > 0);
      await send('1-2');
      await until('both slots are full', () => next.taken.length === 2);
      expect(next.taken).to.have.members(['1-1.2', '1-2.1']);
    });
  }

  it('retiring an attempt that is gone, or not taken, leaves nothing behind', async () => {
    const counts = () => queues.queue('jobs').getJobCounts();
    const nothing = await counts();
    await retireAttempt(test.access, queues, 'jobs', first);
    expect(await counts()).to.deep.equal(nothing);
    await send('1-1');
    for (let times = 0; times < 2; times++) {
      await retireAttempt(test.access, queues, 'jobs', first);
      expect(await counts()).to.deep.equal(nothing);
    }
  });

  it('a completed attempt stays completed, and is given to no runner again', async () => {
    await send('1-1');
    const former = runner('box~1');
    await until('it is taken', () => former.taken.length === 1);
    former.end();
    await former.worker.close();
    await retireAttempt(test.access, queues, 'jobs', first);
    await send('1-1');
    await send('1-2');
    const next = runner('next~1', 2);
    await until('another is taken', () => next.taken.length > 0);
    expect(next.taken).to.deep.equal(['1-2.1']);
  });

  it('an attempt that completes in the same moment causes no error', async () => {
    for (let round = 1; round <= 20; round++) await send(`${round}-1`);
    const { taken, end, worker } = runner('box~1', 20);
    await until('all are taken', () => taken.length === 20);
    const retiring = taken.map((name) => {
      const [job, attempt] = name.split('.') as [JobId, string];
      return retireAttempt(test.access, queues, 'jobs', { job, attempt: Number(attempt) });
    });
    end();
    await Promise.all(retiring);
    await worker.close();
    expect(await queues.queue('jobs').getJobCountByTypes('active', 'prioritized')).to.equal(0);
  });
});
