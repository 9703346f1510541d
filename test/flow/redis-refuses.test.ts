import { expect } from 'chai';
import { heartbeatInterval, heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import { listRunners } from '../../src/redis/membership.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** How long (ms) writes are refused: longer than a heartbeat key lives and a dispatcher waits for one. */
const refusal = heartbeatTtl + 3 * heartbeatInterval;

describe('a Redis that refuses writes', () => {
  let repository: TestRepository;

  before(() => {
    repository = new TestRepository({ 'a.txt': 'a' });
  });

  after(() => repository.remove());

  for (const why of ['memory', 'files'] as const) {
    it(`takes no running job back and loses no outcome (${why})`, async () => {
      const volt = await TestVolt.start();
      volt.context.logger.silent = true;
      try {
        await volt.reporter();
        await volt.dispatcher();
        await volt.runner({ slots: 2 });
        await volt.observe(repository.path, { name: 'app', command: 'true' });
        const [sleep, short] = [longSleep(), longSleep()];
        const jobs = { long: { command: `sleep ${sleep}; true` }, short: { command: `sleep ${short}; true` } };
        const build = await volt.plan('app', repository.head(), jobs);
        await until('both jobs run', () => processesWith(sleep).length > 0 && processesWith(short).length > 0);
        const first = processesWith(sleep);
        await until('the database has the job as running', async () => {
          const [runner] = (await listRunners(volt.context.access)).alive;
          return runner?.running.length === 2;
        });
        const begun = performance.now();
        const takeAgain = await volt.redis.refuseWrites(why);
        for (const pid of processesWith(short)) process.kill(pid);
        await until('Redis has refused writes for long enough', () => performance.now() - begun > refusal);
        expect(processesWith(sleep)).to.deep.equal(first);
        await takeAgain();
        const accepted = performance.now();
        await until('two heartbeats have passed', () => performance.now() - accepted > 2 * heartbeatInterval);
        for (const pid of processesWith(sleep)) process.kill(pid);
        const { status, jobs: ended } = await volt.built(build);
        expect(status).to.equal('success');
        expect(ended.map(({ attempts }) => attempts.map((each) => each.status))).to.deep.equal([
          ['success'],
          ['success'],
        ]);
      } finally {
        await volt.stop();
      }
    }).timeout(60_000);
  }
});
