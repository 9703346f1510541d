import { expect } from 'chai';
import { PollSchedules } from '../../src/observer/poll-schedules.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { observed } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('the schedules of polls', () => {
  it('are all renewed at first, and then page by page', async () => {
    const volt = await TestVolt.start();
    try {
      const { database, access, queues } = volt.context;
      for (const name of ['a', 'b', 'c', 'd', 'e']) await observed(database, name);
      const schedules = new PollSchedules(volt.context, 2);
      const scheduled = async () => (await queues.queue(observeQueue(null)).getJobSchedulers()).map(({ key }) => key);
      await schedules.renew();
      expect(await scheduled()).to.have.members(['a', 'b', 'c', 'd', 'e']);

      await access.client.flushall();
      const after: number[] = [];
      for (let round = 0; round < 3; round++) {
        await schedules.renew();
        after.push((await scheduled()).length);
      }
      expect(after).to.deep.equal([2, 4, 5]);
      await access.client.flushall();
      await schedules.renew();
      expect(await scheduled()).to.have.members(['a', 'b']);
    } finally {
      await volt.stop();
    }
  });

  it('are created again when the clock has been set back, and otherwise do not change', async () => {
    const volt = await TestVolt.start();
    const clock = Date.now;
    try {
      const { database, queues } = volt.context;
      for (const name of ['a', 'b']) await observed(database, name);
      const schedules = new PollSchedules(volt.context);
      Date.now = () => clock() + 3_600_000;
      await schedules.renew();
      Date.now = clock;
      const soon = clock() + 60_000;
      expect((await queues.nextObserve(null, ['a'])).map(Number)[0]).to.be.above(soon);
      await schedules.renew();
      const renewed = (await queues.nextObserve(null, ['a', 'b'])).map(Number);
      expect(Math.max(...renewed)).to.be.below(soon);
      await schedules.renew();
      expect(await queues.nextObserve(null, ['a', 'b'])).to.deep.equal(renewed);
      expect(await queues.nextObserve(null, ['none'])).to.deep.equal([undefined]);
    } finally {
      Date.now = clock;
      await volt.stop();
    }
  });
});
