import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pruneHomes } from '../../src/job/sandbox/homes.ts';
import { jobPaths, openArea } from '../../src/job/sandbox/job-paths.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import type { Build } from '../../src/kernel/model.ts';
import { TestFleet } from '../support/fleet.ts';
import { TestFolders } from '../support/folder.ts';
import { isIsolable } from '../support/isolation.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a job in a sandbox', function () {
  this.timeout(120_000);
  let volt: TestVolt;
  let repository: TestRepository;

  before(async function () {
    if (!(await isIsolable('sandbox'))) this.skip();
    volt = await TestVolt.startAll({ isolation: 'sandbox', jobDisk: 40 });
    repository = new TestRepository({ 'test.sh': 'true\n' });
    await volt.observe(repository.path, { command: 'sh test.sh', pollSeconds: 3600 });
  });
  after(async () => {
    await volt?.stop();
    repository?.remove();
  });

  /** @returns the build of a commit with that script, and its log */
  async function test(script: string): Promise<Build & { log: string }> {
    const build = await volt.build(repository.commit('change', { 'test.sh': script }), undefined, 60_000);
    const [job] = build.jobs;
    const attempt = job?.attempts.length;
    return { ...build, log: readFileSync(join(volt.dataDir, 'logs', build.id, `${job?.id}.${attempt}.log`), 'utf8') };
  }

  it('passes as without a sandbox, and leaves no process and no file', async () => {
    const { status, log } = await test('git log --oneline | wc -l; id -un; pwd\n');
    expect(status, log).to.equal('success');
    const [runner = ''] = readdirSync(join(volt.dataDir, 'work'));
    const left = () => readdirSync(join(volt.dataDir, 'work', runner, 'jobs'));
    await until('the folder of the job is gone', () => left().length === 0);
  });

  it('fails with a reason of its own if it fills its disk, and the runner takes more jobs', async () => {
    for (const folder of ['.', '/tmp', '"$HOME"']) {
      const { status, jobs } = await test(`head -c 60M /dev/urandom > ${folder}/filler; sleep 60\n`);
      expect(status).to.equal('failure');
      expect(jobs[0]).to.include({ status: 'failure', reason: 'resource_limit' });
      expect(jobs[0]?.message).to.include('more than 40 MB on the disk');
    }
    const { status, log } = await test('ls -A "$HOME"; # the home was emptied\n');
    expect(status).to.equal('success');
    expect(log).to.not.include('filler');
  });

  it('keeps its home until it ends, although the home is to be removed', async () => {
    const prune = async () =>
      (await pruneHomes(volt.dataDir, { needed: 1 }, false, Date.now(), (message) => expect.fail(message))).map(
        ({ repository: name }) => name,
      );
    const [home = ''] = readdirSync(dataPaths(volt.dataDir).homes).filter((name) => !name.startsWith('.'));
    const inHome = (name: string) => join(dataPaths(volt.dataDir).homes, home, name);
    const ended = test('touch ~/here; until [ -e ~/go ]; do sleep 0.05; done\n');
    await until('the job runs', () => existsSync(inHome('here')));
    expect(await prune()).to.deep.equal([]);
    writeFileSync(inHome('go'), '');
    expect((await ended).status).to.equal('success');
    await until("its home is nobody's", async () => home.startsWith(`${(await prune())[0]}+`));
    const { status, log } = await test('echo "left: $(ls -A ~)"\n');
    expect(status).to.equal('success');
    expect(log).to.match(/^left: $/m);
  });

  it('cannot reach Redis or act as Volt', async () => {
    const secret = `canary-${randomUUID()}`;
    writeFileSync(join(volt.dataDir, 'token'), secret);
    const files = ['token', 'redis/url', 'volt.db'].map((name) => join(volt.dataDir, name)).join(' ');
    const { log } = await test(`cat ${files}; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'; env\n`);
    expect(log).to.not.include(secret).and.not.include('redis://').and.not.include(`:${volt.redis.port}`);
    expect(log).to.not.match(/VOLT_(?!JOB)/);
  });
});

for (const level of ['sandbox', 'user'] as const) {
  describe(`a job under isolation ${level} whose runner is lost`, function () {
    this.timeout(120_000);
    let redis: TestRedis;
    let fleet: TestFleet;

    const folders = new TestFolders();
    const dataDirs = { r1: folders.make(), r2: folders.make() };

    before(async function () {
      if (!(await isIsolable(level))) this.skip();
    });

    beforeEach(async () => {
      redis = await startRedis();
      fleet = await TestFleet.build({ redis: redis.url, env: { VOLT_ISOLATION: level } });
      await fleet.open([]);
    });

    afterEach(async () => {
      await fleet?.remove();
      await redis?.stop();
    });

    after(() => {
      for (const dataDir of Object.values(dataDirs)) rmSync(openArea(dataDir), { recursive: true, force: true });
      folders.remove();
    });

    const losses = [
      ['killed', 'SIGKILL'],
      ['frozen', 'SIGSTOP'],
    ] as const;

    for (const [how, signal] of losses) {
      it(`has no process of its ${how} attempt left when the next attempt starts`, async () => {
        const sleep = longSleep();
        const script = `setsid sh -c 'trap "" TERM HUP; sleep ${sleep}; :' &\n(setsid sleep ${sleep} &)\nsleep ${sleep}\n`;
        await fleet.startRunner('r1', { dataDir: dataDirs.r1 });
        fleet.repository.commit(how, { 'test.sh': script });
        const first = await until('the first attempt runs', () => all(processesWith(sleep), 3), 40_000);
        await fleet.startRunner('r2', { dataDir: dataDirs.r2 });
        fleet.process('r1').signal(signal);
        const seen = await until(
          'the second attempt has begun',
          () => {
            const now = processesWith(sleep);
            return now.some((pid) => !first.includes(pid)) && now;
          },
          40_000,
        );
        expect(seen.filter((pid) => first.includes(pid))).to.deep.equal([]);
        if (signal !== 'SIGKILL') return;
        const { jobs } = jobPaths(level, dataDirs.r1, 'r1');
        expect(readdirSync(jobs)).to.have.length(1);
        await fleet.startRunner('r1', { dataDir: dataDirs.r1 });
        expect(existsSync(jobs) ? readdirSync(jobs) : [], 'what the killed one has left').to.deep.equal([]);
      });
    }
  });
}

/** Process ids, once there are as many. */
function all(pids: number[], count: number): number[] | undefined {
  return pids.length >= count ? pids : undefined;
}
