import { expect } from 'chai';
import { runSchedules, takeSchedules } from '../../src/dispatcher/schedules.ts';
import type { ObserveMessage } from '../../src/queues/messages.ts';
import { openTriggers } from '../../src/record/intents.ts';
import { observed } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';
import { workflowsOf } from '../support/workflows.ts';

const nightly = (cron: string) =>
  workflowsOf({
    'ci.yml': `on: { schedule: [{ cron: '${cron}' }] }\njobs: { a: { runs-on: x, steps: [{ run: x }] } }`,
  });

describe('schedules of workflows', () => {
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.record);
  });
  after(() => volt.stop());

  const times = () => volt.context.record.db.selectFrom('schedules').selectAll().execute();
  const pretend = (next_at: number) => volt.context.record.db.updateTable('schedules').set({ next_at }).execute();
  const triggers = () => openTriggers(volt.context.record, 'app');

  it('come at the next time of their cron, in UTC, and keep it when they are taken over again', async () => {
    await takeSchedules(volt.context.record, 'app', nightly('30 3 * * *'));
    const [first] = await times();
    const next = new Date(first?.next_at ?? 0);
    expect([next.getUTCHours(), next.getUTCMinutes()]).to.deep.equal([3, 30]);
    expect(next.getTime()).to.be.greaterThan(Date.now());
    await pretend(1000);
    await takeSchedules(volt.context.record, 'app', nightly('30 3 * * *'));
    expect(await times()).to.deep.equal([{ ...first, next_at: 1000 }]);
  });

  it('ask for a build once, also when they were missed often, and by two dispatchers at a time', async () => {
    await pretend(1000);
    await Promise.all([runSchedules(volt.context), runSchedules(volt.context)]);
    const asked = await triggers();
    expect(asked.map(({ event, ref }) => ({ event, ref }))).to.deep.equal([
      { event: { name: 'schedule', workflow: 'ci.yml', cron: '30 3 * * *' }, ref: null },
    ]);
    const looks = await volt.context.queues.queue('observe').getWaiting();
    expect(looks.map(({ data }) => (data as ObserveMessage).repo)).to.include('app');
    expect((await times())[0]?.next_at).to.be.greaterThan(Date.now());
    await runSchedules(volt.context);
    expect(await triggers()).to.have.length(1);
  });

  it('are forgotten with their files', async () => {
    await takeSchedules(volt.context.record, 'app', nightly('0 0 1 1 *'));
    expect((await times()).map(({ cron }) => cron)).to.deep.equal(['0 0 1 1 *']);
    await takeSchedules(volt.context.record, 'app', []);
    expect(await times()).to.deep.equal([]);
  });
});
