import { expect } from 'chai';
import { heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import { listRunners } from '../../src/redis/membership.ts';
import { attack } from '../support/attack.ts';
import { startProgram, type TestChild } from '../support/child.ts';
import { childrenOf, launcherProcessesOf } from '../support/launcher-processes.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

/** Longest time between two heartbeats, in milliseconds. */
const longestGap = 2000;

describe('a runner whose event loop is held up', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let runner: TestChild | undefined;

  before(async () => {
    repository = new TestRepository({ 'a.txt': 'a\\n' });
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await volt.reporter();
    await volt.dispatcher();
    await volt.observe(repository.path, { command: 'true' });
  });

  afterEach(async () => {
    await runner?.kill();
    runner = undefined;
  });

  after(async () => {
    await volt.stop();
    repository.remove();
  });

  async function startHeld(ms: number): Promise<TestChild> {
    const child = startProgram('blockable-runner.ts', [volt.redis.url, volt.dataDir, String(ms)]);
    runner = child;
    expect(await child.line()).to.equal('ready');
    return child;
  }

  const plan = (command: string) => volt.plan('sample', repository.head(), { job: { command } });
  const heartbeat = async () => (await listRunners(volt.context.access)).alive.find(({ name }) => name === 'box');

  async function servesJob(pid: number): Promise<boolean> {
    const sleep = longSleep();
    const build = await plan(`sleep ${sleep}`);
    const sleeping = await until('it runs', () => processesWith(sleep)[0]);
    const serves = isServing(pid);
    process.kill(sleeping, 'SIGTERM');
    await volt.built(build);
    return serves;
  }

  for (const served of [false, true]) {
    const where = served ? 'whose programs another process starts' : 'that it has started itself';
    attack(
      {
        attacker: 'job beside mine',
        asset: "other repositories' jobs",
        title: `holds its runner up for longer than a heartbeat lives, beside a job ${where}`,
      },
      async () => {
        const child = await startHeld(heartbeatTtl + 3000);
        // that process is started when jobs come in short intervals
        while (served && !(await servesJob(child.pid)));
        const sleep = longSleep();
        const build = await plan(`sleep ${sleep} & sleep 11; kill $!`);
        await until('it runs', () => processesWith(sleep).length > 0);
        expect(isServing(child.pid)).to.equal(served);
        child.signal('SIGUSR2');
        expect(await child.line()).to.equal('held');
        const seen = new Set<string>();
        let over = false;
        const free = child.line().then((line) => {
          over = true;
          return line;
        });
        await until('it is free again', async () => {
          const member = await heartbeat();
          if (!over && member) seen.add(member.heartbeatAt);
          return over;
        });
        expect(await free).to.equal('free');
        const times = [...seen].map(Date.parse);
        const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
        expect(gaps.length).to.be.above(4);
        expect(Math.max(...gaps)).to.be.below(longestGap);
        const ended = await volt.built(build);
        expect(ended).to.include({ status: 'success' });
        expect(ended.jobs.map(({ attempts }) => attempts.length)).to.deep.equal([1]);
      },
    );
  }

  attack(
    {
      attacker: 'job beside mine',
      asset: "other repositories' jobs",
      title: 'holds its runner up for ever: after a minute its jobs have ended, and come again',
      long: true,
      timeout: 200_000,
    },
    async () => {
      const child = await startHeld(75_000);
      const sleep = longSleep();
      const build = await plan(`sleep ${sleep}`);
      await until('it runs', () => processesWith(sleep).length > 0);
      child.signal('SIGUSR2');
      expect(await child.line()).to.equal('held');
      await until('its processes are gone', () => processesWith(sleep).length === 0, 70_000);
      await volt.built(build, ({ jobs }) => (jobs[0]?.attempts.length ?? 0) > 1, 90_000);
    },
  );
});

/** Whether a process that starts programs for that one is at work. */
function isServing(pid: number): boolean {
  return launcherProcessesOf(pid).some((launcher) => childrenOf(launcher).length > 0);
}
