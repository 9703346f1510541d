import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Answer } from '../../src/cli/client.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import type { Status } from '../../src/kernel/model.ts';
import { listBuilds } from '../../src/record/builds.ts';
import { fleetMinutes } from '../../src/record/fleet-minutes.ts';
import type { runnerList } from '../../src/web/schemas/runners.ts';
import { VoltProcess as CliProcess } from '../support/cli.ts';
import { TestFleet } from '../support/fleet.ts';
import { TestFolders } from '../support/folder.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** A second signal within this time (ms) counts as an echo of the first, see signals.ts. */
const echo = 300;

describe('a runner', () => {
  const folders = new TestFolders();
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
    fleet = await TestFleet.build({ redis: redis.url });
    await fleet.open([]);
  });

  afterEach(async () => {
    for (const name of ['r1', 'r2']) if (fleet.runs(name)) await fleet.kill(name);
    await until('no runner is registered', async () => (await fleet.status()).runners?.count === 0);
  });

  after(async () => {
    await fleet.remove();
    await redis.stop();
    folders.remove();
  });

  const attempts = async (sha: string) => (await fleet.built(sha)).jobs[0]?.attempts ?? [];
  const isRecorded = (sha: string, status: Status) =>
    until(
      `${sha} is ${status}`,
      async () => (await listBuilds(fleet.database, { sha, limit: 1 }))[0]?.status === status,
    );

  describe('that gets SIGTERM', () => {
    it('takes no new job, and lets its running jobs end within the grace period', async () => {
      await fleet.startRunner('r1', { grace: 3600 });
      const own = fleet.push(600);
      await fleet.begun(own);
      fleet.process('r1').signal('SIGTERM');
      await fleet.process('r1').says('stopping runner');
      const later = fleet.push(1);
      fleet.evidence.end(own);
      expect(await fleet.process('r1').ended()).to.equal(0);
      await fleet.prove([own]);
      expect(fleet.evidence.runs(later)).to.deep.equal([]);
      await fleet.startRunner('r2');
      await fleet.prove([later]);
      expect((await attempts(later)).map(({ runner }) => runner)).to.deep.equal(['r2']);
    }).timeout(60_000);

    it('hands unfinished jobs back when the grace period is over', async () => {
      await fleet.startRunner('r1', { grace: 0.2 });
      const sha = fleet.push(5, 600);
      await fleet.begun(sha);
      await isRecorded(sha, 'running');
      fleet.process('r1').signal('SIGTERM');
      expect(await fleet.process('r1').ended()).to.equal(0);
      await fleet.startRunner('r2');
      await fleet.prove([sha], 2);
      const [first] = await attempts(sha);
      expect(first).to.include({ runner: 'r1', status: 'error', reason: 'handed_back' });
      expect(first?.message).to.include('the runner is stopping');
    }).timeout(60_000);

    it('hands unfinished jobs back at once at a second SIGTERM', async () => {
      await fleet.startRunner('r1', { grace: 3600 });
      const sha = fleet.push(5, 600);
      await fleet.begun(sha);
      await isRecorded(sha, 'running');
      fleet.process('r1').signal('SIGTERM');
      // a busy process hears the first signal late, and counts the time from then on
      await fleet.process('r1').says('stopping runner');
      const heard = Date.now();
      await until('the second signal does not count as an echo of the first', () => Date.now() - heard > echo);
      fleet.process('r1').signal('SIGTERM');
      expect(await fleet.process('r1').ended()).to.equal(0);
      await fleet.startRunner('r2');
      await fleet.prove([sha], 2);
      expect((await attempts(sha))[0]).to.include({ runner: 'r1', reason: 'handed_back' });
    }).timeout(60_000);

    it('ends in order with all processes of its jobs although Redis is down', async () => {
      await fleet.startRunner('r1', { grace: 0.2 });
      const sha = fleet.push(5, 600);
      await fleet.begun(sha);
      await redis.kill();
      fleet.process('r1').signal('SIGTERM');
      expect(await fleet.process('r1').ended()).to.equal(0);
      await redis.start();
      await fleet.startRunner('r2');
      await fleet.prove([sha], 2);
    }).timeout(60_000);
  });

  describe('that a person has drained', () => {
    const runners = (...args: string[]) => new CliProcess(['runners', ...args, '--data', fleet.dataDir]);
    const state = async () => {
      const { runners } = (await (await fetch(`${fleet.url}/api/v1/runners`)).json()) as Answer<typeof runnerList>;
      return runners.find(({ name }) => name === 'r1')?.state;
    };

    it('ends its job and takes no other until it is resumed, whatever is restarted and emptied', async () => {
      await fleet.startRunner('r1', { grace: 0 });
      const own = fleet.push(600);
      await fleet.begun(own);
      const draining = runners('drain', 'r1', '--reason', 'new disk', '--wait');
      await draining.says(/^r1: draining/m);
      const later = fleet.push(1);
      fleet.evidence.end(own);
      expect(await draining.ended(), draining.stderr).to.include({ code: 0 });
      expect(draining.stdout).to.match(/^r1: drained$/m);
      await fleet.prove([own]);
      await isRecorded(later, 'queued');
      await until('it says why the job waits', async () =>
        (await fleet.status()).oldest?.why.includes('all matching runners are drained: volt runners resume r1'),
      );
      const measured = async () => (await fleetMinutes(fleet.database, 0)).map(({ at }) => at);
      const before = await until('the use of the fleet is measured', async () => (await measured())[0]);
      await fleet.kill('r1');
      await fleet.startRunner('r1');
      await until('it is drained after its restart', async () => (await state()) === 'drained');
      await Promise.all([fleet.kill('r1'), fleet.kill('dispatcher'), fleet.kill('web'), redis.empty()]);
      await redis.start();
      await fleet.startRunner('r1');
      await Promise.all([fleet.start('dispatcher'), fleet.start('web')]);
      await until('it is drained after everything was restarted', async () => (await state()) === 'drained');
      const { stdout } = await runners().ended();
      expect(stdout)
        .to.match(/^r1 .* drained /m)
        .and.match(/r1: drained by owner .*: new disk/);
      expect(await measured()).to.include(before);
      expect(await (await fetch(`${fleet.url}/runners`)).text()).to.match(/of 1 on average/);
      expect(fleet.evidence.runs(later)).to.deep.equal([]);
      expect(await runners('resume', '--all').ended()).to.include({ code: 0 });
      await fleet.prove([later]);
    }).timeout(90_000);
  });

  describe('with a small disk', () => {
    const mounted = join(folders.make(), 'small');
    let ballast: string;

    before(function () {
      if (process.getuid?.() !== 0) return this.skip();
      mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', mounted]);
      ballast = join(mounted, 'ballast');
    });

    afterEach(async () => {
      if (fleet.runs('r1')) await fleet.kill('r1');
      rmSync(ballast, { force: true });
    });

    after(() => {
      if (process.getuid?.() === 0) execFileSync('umount', ['--lazy', mounted]);
    });

    /** Fills the disk, except for this many megabytes. */
    const fill = (left: number) => execFileSync('fallocate', ['-l', `${48 - left}M`, ballast], { stdio: 'ignore' });
    const startRunner = () => fleet.startRunner('r1', { dataDir: join(mounted, 'data') });
    const unfit = async () => (await fleet.status()).problems.find(({ code }) => code === 'runner_unfit')?.message;

    it('takes no job and reports why while the disk is full, and takes jobs when it has space', async () => {
      fill(2);
      await startRunner();
      const sha = fleet.push(1);
      await isRecorded(sha, 'queued');
      const said = await until('the runner reports the problem', unfit);
      expect(said).to.match(/runner r1 .* takes no jobs: disk full: [\d.]+ [KM]B free in .*small/);
      expect((await fleet.status()).oldest?.why).to.include('disk full');
      expect(fleet.evidence.runs(sha)).to.deep.equal([]);
      rmSync(ballast);
      await fleet.prove([sha]);
      expect(await attempts(sha)).to.have.length(1);
      await until('no problem is reported any more', async () => (await unfit()) === undefined);
    }).timeout(90_000);

    it('removes the unused home of a repository that fills the disk, and takes jobs', async () => {
      const { homes } = dataPaths(join(mounted, 'data'));
      mkdirSync(join(homes, 'another+0+default/cache'), { recursive: true });
      execFileSync('fallocate', ['-l', '20M', join(homes, 'another+0+default/cache/file')]);
      fill(2 + 20);
      await startRunner();
      const sha = fleet.push(1);
      await fleet.prove([sha]);
      expect(readdirSync(homes).filter((name) => !name.startsWith('.'))).to.deep.equal([]);
      expect(fleet.process('r1').output).to.include('removed a home of another: the disk is full');
    }).timeout(90_000);

    it('hands a job back if the disk becomes full, and another runner runs it', async () => {
      await startRunner();
      const sha = fleet.repository.commit('needs room', {
        'test.sh': `${fleet.evidence.script(10)}head -c 4000000 /dev/zero > file || exit 1\n`,
      });
      await fleet.begun(sha);
      fill(1);
      await fleet.startRunner('r2');
      const build = await fleet.built(sha);
      expect(build).to.include({ status: 'success' });
      const [first, second] = build.jobs[0]?.attempts ?? [];
      expect(first).to.include({ runner: 'r1', status: 'error', reason: 'handed_back' });
      expect(first?.message).to.include('disk full');
      expect(second).to.include({ runner: 'r2', status: 'success' });
    }).timeout(90_000);

    it('ends a job that fills the disk as error, not as failure, and takes more jobs', async () => {
      await startRunner();
      const sha = fleet.repository.commit('fills the disk', {
        'test.sh': '#!/bin/sh\nhead -c 100000000 /dev/zero > file || exit 1\n',
      });
      const build = await fleet.built(sha);
      expect(build.jobs[0]).to.include({ status: 'error', reason: 'disk_full' });
      expect(build.jobs[0]?.attempts).to.have.length(1);
      expect(build.jobs[0]?.message).to.match(/the job itself had written [\d.]+ MB into its workspace/);
      await fleet.prove([fleet.push(1)]);
    }).timeout(90_000);

    it('takes no job while its work folder is unwritable', async () => {
      await startRunner();
      const mirrors = join(mounted, 'data', 'mirrors');
      execFileSync('mount', ['--bind', mirrors, mirrors]);
      try {
        execFileSync('mount', ['-o', 'remount,bind,ro', mirrors]);
        const said = await until('the runner reports the problem', unfit);
        expect(said).to.include(`cannot write to ${mirrors}`).and.include('read-only');
        const sha = fleet.push(1);
        await isRecorded(sha, 'queued');
        expect((await fleet.status()).oldest?.why).to.include('read-only');
      } finally {
        execFileSync('umount', [mirrors]);
      }
      await fleet.prove([fleet.repository.head()]);
    }).timeout(90_000);
  });
});
