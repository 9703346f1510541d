import { expect } from 'chai';
import { pursueCancels } from '../../src/dispatcher/cancel.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { StaleMessages } from '../../src/dispatcher/stale-messages.ts';
import { type BuildId, type JobId, jobIdOf } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';
import { openCancel } from '../../src/record/intents.ts';
import { decideJob } from '../../src/record/job-transitions.ts';
import { moveToNextAttempt } from '../../src/record/next-attempts.ts';
import { observed, plannedJob, recordedBuild } from '../support/record.ts';
import { TestVolt } from '../support/volt.ts';

describe('messages of attempts that no longer count', () => {
  let volt: TestVolt;
  let build: BuildId;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await observed(volt.context.database);
  });

  beforeEach(async () => {
    await volt.emptyRedis();
    const jobs = Array.from({ length: 5 }, (_, index) => plannedJob(`job${index + 1}`));
    build = await recordedBuild(volt.context.database, { jobs });
    await routeBuild(volt.context, build);
  });

  after(() => volt.stop());

  const job = (position: number): JobId => jobIdOf(build, position);
  const cancel = (position: number) =>
    decideJob(
      volt.context.database,
      { job: job(position), attempt: 1 },
      { status: 'cancelled', reason: 'by_user', message: 'cancelled' },
      Date.now(),
    );
  const waiting = async () => {
    const messages = await volt.context.queues.queue('jobs').getPrioritized();
    return messages.map(({ data }) => data as JobMessage).map(({ job: of, attempt }) => `${of}.${attempt}`);
  };

  it('are removed if their job is over or has a later attempt', async () => {
    await cancel(1);
    await moveToNextAttempt(
      volt.context.database,
      { job: job(2), attempt: 1 },
      { reason: 'handed_back', message: 'it stops', at: Date.now() },
    );
    await new StaleMessages(volt.context).poll();
    expect(await waiting()).to.have.members([3, 4, 5].map((position) => `${job(position)}.1`));
  });

  it('are removed if their job is cancelled while they are sent', async () => {
    const { database, queues } = volt.context;
    const send = queues.sendJobs.bind(queues);
    queues.sendJobs = async (entries) => {
      await openCancel(database, 'app', build, job(1));
      await pursueCancels(volt.context, build);
      await cancel(2);
      await queues.queue('jobs').remove(`${job(2)}.1`);
      await send(entries);
    };
    await routeBuild(volt.context, build).finally(() => {
      queues.sendJobs = send;
    });
    expect(await waiting()).to.have.members([3, 4, 5].map((position) => `${job(position)}.1`));
  });

  it('are found page by page, however many there are', async () => {
    for (const position of [2, 4, 5]) await cancel(position);
    const messages = new StaleMessages(volt.context, 2);
    for (let looks = 0; looks < 4; looks++) await messages.poll();
    expect(await waiting()).to.have.members([1, 3].map((position) => `${job(position)}.1`));
  });
});
