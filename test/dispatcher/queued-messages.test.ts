import { expect } from 'chai';
import { QueuedMessages } from '../../src/dispatcher/queued-messages.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
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
    const { record, access } = volt.context;
    await access.client.flushall();
    await record.db.deleteFrom('builds').execute();
    build = await recordedBuild(record, {
      jobs: Array.from({ length: jobs }, (_, index) => plannedJob(`job${index + 1}`)),
    });
    await routeBuild(volt.context, build);
    messages = new QueuedMessages(volt.context, page);
  });
  after(() => volt.stop());

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

  it('goes on at once where something is amiss, so that a Redis that was emptied gets everything', async () => {
    await volt.context.access.client.flushall();
    await look();
    expect(await waiting()).to.have.length(jobs);
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
