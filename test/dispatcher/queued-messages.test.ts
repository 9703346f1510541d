import { expect } from 'chai';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { reconcile } from '../../src/dispatcher/reconcile.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import type { JobMessage, ResultMessage } from '../../src/queues/messages.ts';
import { orderCancel } from '../../src/record/intents.ts';
import { claimRedis } from '../../src/redis/identity.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('a look at the messages of queued jobs', () => {
  const jobs = 35;
  const page = 10;
  let volt: TestVolt;
  let build: BuildId;
  let messages: QueuedMessages;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.record);
  });
  beforeEach(async () => {
    const { record } = volt.context;
    await emptied();
    await record.db.deleteFrom('builds').execute();
    build = await recordedBuild(record, {
      jobs: Array.from({ length: jobs }, (_, index) => plannedJob(`job${index + 1}`)),
    });
    await routeBuild(volt.context, build);
    messages = new QueuedMessages(volt.context, page);
  });
  after(() => volt.stop());

  /** Redis was emptied, a while ago. */
  async function emptied(): Promise<void> {
    const { access, record } = volt.context;
    await access.client.flushall();
    await claimRedis(access, record.id);
    await access.client.del(access.keys.young);
  }

  const queue = () => volt.context.queues.queue('jobs');
  const waiting = async () => (await queue().getPrioritized()).map(({ data }) => (data as JobMessage).job);
  const lose = (position: number) => queue().remove(`${jobIdOf(build, position)}.1`);
  const look = () => messages.look(new Set());

  it('finds in its turn what is missing, however much is queued before it', async () => {
    // the order of ids of one build, which have one tag here
    const last = (await waiting()).sort().at(-1) as string;
    await queue().remove(`${last}.1`);
    for (let looks = 0; looks < 3; looks++) {
      await look();
      expect(await waiting(), `after ${looks + 1} looks`).to.have.length(jobs - 1);
    }
    await look();
    expect(await waiting()).to.have.length(jobs);
    // and begins anew
    await lose(1);
    await look();
    expect(await waiting()).to.have.length(jobs);
  });

  it('is followed by the next at once where something is amiss, so that a Redis that was emptied gets everything', async () => {
    await emptied();
    const seen: number[] = [];
    while (await look()) seen.push((await waiting()).length);
    expect(seen).to.deep.equal([10, 20, 30]);
    expect(await waiting()).to.have.length(jobs);
    expect(await look(), 'nothing is amiss').to.equal(false);
  });

  it('lets cancels be pursued before the next', async () => {
    const { record } = volt.context;
    await emptied();
    expect(await reconcile(volt.context, undefined, messages)).to.equal(true);
    const order = { repo: 'app', build, job: jobIdOf(build, 1), reason: 'by_user', message: 'enough' } as const;
    await record.write((db) => orderCancel(db, order));
    expect(await reconcile(volt.context, undefined, messages), 'there is more to send').to.equal(true);
    const results = await volt.context.queues.queue('results').getWaiting();
    expect(results.map(({ data }) => (data as ResultMessage).job)).to.deep.equal([order.job]);
  });

  it('sends a Redis that was emptied since it began nothing that the earlier one may have held', async () => {
    const { access, record } = volt.context;
    await access.client.flushall();
    await record.db
      .updateTable('attempts')
      .set({ created_at: Date.now() + 60_000 })
      .where('job_id', '=', jobIdOf(build, 2))
      .execute();
    while (await look());
    expect(await waiting()).to.deep.equal([jobIdOf(build, 2)]);
  });

  it('puts right a priority that is not that of the start tag', async () => {
    await volt.context.queues.changePriorities([{ job: jobIdOf(build, 3), attempt: 1, labels: [], priority: 77 }]);
    expect((await waiting()).at(-1)).to.equal(jobIdOf(build, 3));
    for (let looks = 0; looks < 4; looks++) await look();
    expect((await queue().getJob(`${jobIdOf(build, 3)}.1`))?.priority).to.equal(1);
  });

  it('leaves alone what runners have, whose message is gone', async () => {
    await lose(1);
    await messages.look(new Set([`${jobIdOf(build, 1)}.1`]));
    expect(await waiting()).to.have.length(jobs - 1);
  });

  it('changing the priority of a message that is gone does nothing', async () => {
    await lose(2);
    await volt.context.queues.changePriorities([{ job: jobIdOf(build, 2), attempt: 1, labels: [], priority: 5 }]);
    expect(await waiting()).to.have.length(jobs - 1);
  });
});
