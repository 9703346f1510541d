import { expect } from 'chai';
import { runSchedules, schedulesIn } from '../../src/dispatcher/schedules.ts';
import type { ObserveMessage } from '../../src/queues/messages.ts';
import { openTriggers } from '../../src/record/intents.ts';
import { type DueSchedule, dueSchedules, runSchedule, setSchedules } from '../../src/record/schedules.ts';
import type { Workflow } from '../../src/workflow/workflow.ts';
import { failure } from '../support/failure.ts';
import { observed } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';
import { workflowsOf } from '../support/workflows.ts';

const text = (cron: string) =>
  `on: { schedule: [{ cron: '${cron}' }] }\njobs: { a: { runs-on: x, steps: [{ run: x }] } }`;
const nightly = (cron: string) => workflowsOf({ 'ci.yml': text(cron) });

describe('schedules of workflows', () => {
  let volt: TestVolt;
  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.database);
  });
  after(() => volt.stop());

  const take = (workflows: Workflow[]) =>
    volt.context.database.write((db) => setSchedules(db, 'app', schedulesIn(workflows, new Date())));
  const times = () => volt.context.database.db.selectFrom('schedules').selectAll().execute();
  const pretend = (next_at: number) => volt.context.database.db.updateTable('schedules').set({ next_at }).execute();
  const triggers = () => openTriggers(volt.context.database, 'app');

  it('are due at the next time of their cron in UTC, and keep it when they are set again', async () => {
    await take(nightly('30 3 * * *'));
    const [first] = await times();
    const next = new Date(first?.next_at ?? 0);
    expect([next.getUTCHours(), next.getUTCMinutes()]).to.deep.equal([3, 30]);
    expect(next.getTime()).to.be.greaterThan(Date.now());
    await pretend(1000);
    await take(nightly('30 3 * * *'));
    expect(await times()).to.deep.equal([{ ...first, next_at: 1000 }]);
  });

  it('request one build, even if missed often, and with two dispatchers at a time', async () => {
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

  it('are removed with their workflow files', async () => {
    await take(nightly('0 0 1 1 *'));
    expect((await times()).map(({ cron }) => cron)).to.deep.equal(['0 0 1 1 *']);
    await take([]);
    expect(await times()).to.deep.equal([]);
  });

  it('run once when due, even if a push changes them in that moment', async () => {
    const { database } = volt.context;
    await take(nightly('30 3 * * *'));
    await pretend(1000);
    const before = (await triggers()).length;
    const [due] = await dueSchedules(database, Date.now());
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const busy = database.write(() => held);
    const taken = take([...nightly('30 3 * * *'), ...workflowsOf({ 'b.yml': text('0 0 1 1 *') })]);
    const run = runSchedule(database, due as DueSchedule, Date.now() + 60_000, { name: 'schedule' });
    release();
    await Promise.all([busy, taken, run]);
    await runSchedules(volt.context);
    expect(await triggers()).to.have.length(before + 1);
    expect((await times()).map(({ cron }) => cron)).to.have.members(['30 3 * * *', '0 0 1 1 *']);
  });

  it('are refused beyond a thousand', async () => {
    const [workflow] = nightly('30 3 * * *');
    const workflows = Array.from({ length: 1001 }, () => workflow as Workflow);
    await failure('too_large', () => schedulesIn(workflows, new Date()));
  });
});
