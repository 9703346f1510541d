import { Worker } from 'bullmq';
import { expect } from 'chai';
import { promoteOverdue } from '../../src/queues/overdue-messages.ts';
import { Queues } from '../../src/queues/queues.ts';
import { startAccess } from '../support/access.ts';
import { unknownSigner } from '../support/runner-keys.ts';

describe('delayed messages', () => {
  it('are released early only if the clock was set back', async () => {
    const test = await startAccess();
    const { access, logger } = test;
    const queues = new Queues(access, logger, unknownSigner());
    const queue = queues.queue('advance');
    const options = { connection: access.client, prefix: access.keys.bull, autorun: false };
    const worker = new Worker('advance', null, options);
    const clock = Date.now;
    try {
      await queue.add('now', {}, { jobId: 'is.to.wait', delay: 60_000 });
      Date.now = () => clock() + 3_600_000;
      for (const id of ['short', 'long']) await queue.add('ahead', {}, { jobId: `ahead.${id}`, delay: 5000 });
      Date.now = clock;
      await promoteOverdue(access, worker);
      expect((await queue.getDelayed()).map(({ id }) => id)).to.deep.equal(['is.to.wait']);
      expect((await queue.getWaiting()).map(({ id }) => id)).to.have.members(['ahead.short', 'ahead.long']);
    } finally {
      Date.now = clock;
      await worker.close();
      await queues.close();
      await test.stop();
    }
  });
});
