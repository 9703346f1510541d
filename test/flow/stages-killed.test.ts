import { Queues } from '../../src/queues/queues.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { holdRecord } from '../support/database.ts';
import { type RecordStage, TestFleet } from '../support/fleet.ts';
import { keepLog } from '../support/logger.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** What still works while the stage is away, and the rest of the test waits for. */
const duringOutage: { [Kind in RecordStage]: (fleet: TestFleet, running: string) => Promise<unknown> } = {
  // the job ends and its verdict is recorded without the stage
  dispatcher: (fleet, running) => fleet.prove([running]),
  // the job ends, and the runner keeps its report
  reporter: (fleet, running) => fleet.over(running),
  observer: (fleet, running) => fleet.prove([running]),
  web: (fleet, running) => fleet.prove([running]),
};

describe('kill -9', () => {
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url });
    await fleet.open();
  });

  after(async () => {
    await fleet.remove();
    await redis.stop();
  });

  for (const kind of Object.keys(duringOutage) as RecordStage[]) {
    it(`of the ${kind} disturbs no running job, and loses or repeats no commit and no result`, async () => {
      const running = fleet.push(600);
      await fleet.begun(running);
      await fleet.kill(kind);
      const pushed = fleet.push(2);
      fleet.evidence.end(running);
      await duringOutage[kind](fleet, running);
      await fleet.start(kind);
      await fleet.prove([running, pushed]);
    }).timeout(120_000);
  }

  it('of the dispatcher and the reporter loses none of the messages that they process', async () => {
    const access = await connectRedis({ redisPrefix: 'volt' }, redis.url, keepLog().logger);
    const queues = new Queues(access, keepLog().logger);
    const running = fleet.push(600);
    await fleet.begun(running);
    await until(
      'its begin is recorded',
      async () => (await listBuilds(fleet.database, { status: 'running', limit: 1 }))[0],
    );
    // the stages cannot record the jobs that they have taken, so they keep the messages
    const release = await holdRecord(fleet.dataDir);
    const pushed = fleet.push(1);
    fleet.evidence.end(running);
    for (const name of ['commits', 'results'])
      await until(`${name} are being processed`, async () => (await queues.queue(name).getActiveCount()) > 0);
    for (const kind of ['dispatcher', 'reporter'] as const) await fleet.kill(kind);
    await release();
    for (const kind of ['dispatcher', 'reporter'] as const) await fleet.start(kind);
    await fleet.prove([running, pushed]);
    await queues.close();
    await access.close();
  }).timeout(120_000);

  it('of the dispatcher, the reporter and the observer during a burst loses or repeats no commit', async () => {
    fleet.push(1);
    const burst = fleet.repository.burst(12);
    for (const [index, kind] of (['dispatcher', 'reporter', 'observer', 'reporter', 'dispatcher'] as const).entries()) {
      await until(
        'the burst has come so far',
        () => fleet.evidence.runs(burst[2 * index] as string).length > 0,
        40_000,
      );
      await fleet.kill(kind);
      await fleet.start(kind);
    }
    await fleet.prove(burst);
  }).timeout(120_000);
});
