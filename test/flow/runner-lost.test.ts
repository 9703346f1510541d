import { spawnSync } from 'node:child_process';
import { openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { heartbeatTtl, leaseTtl } from '../../src/redis/heartbeat-times.ts';
import { listRunners, type RunnerMember } from '../../src/redis/membership.ts';
import { CutNetwork } from '../chaos/network.ts';
import { TestFleet } from '../support/fleet.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Runs a command in a PID namespace, where it sees no other process and takes its children with it. */
const apart = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Runs a command with a fake uptime, which it reads from a file. */
const withUptime = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /proc/uptime && exec "$@"'];

const works = ([program = '', ...args]: readonly string[]) => spawnSync(program, args).status === 0;

describe('the loss of a runner', () => {
  const folders = new TestFolders();
  let network: CutNetwork | undefined;
  let redis: TestRedis;
  let access: RedisAccess;
  let fleet: TestFleet;

  before(async () => {
    network = CutNetwork.open();
    const addresses = ['127.0.0.1', ...(network ? [network.address] : [])];
    redis = await startRedis({ settings: ['--bind', ...addresses, '--protected-mode', 'no'] });
    access = await connectRedis({ redisPrefix: 'volt' }, redis.url, keepLog().logger);
    fleet = await TestFleet.build({ redis: redis.url });
    await fleet.open([]);
  });

  afterEach(async () => {
    network?.mend();
    for (const name of ['r1', 'r2']) if (fleet.runs(name)) await fleet.kill(name);
    await until('no runner is registered', async () => (await members()).length === 0);
  });

  after(async () => {
    await fleet.remove();
    await access.close();
    await redis.stop();
    network?.close();
    folders.remove();
  });

  const members = async (): Promise<RunnerMember[]> => (await listRunners(access)).alive;
  /** The runner with that name, once its heartbeat has its job. */
  const atItsJob = (name: string, what: 'running' | 'reporting' = 'running') =>
    until(`${name} is ${what}`, async () =>
      (await members()).find((runner) => runner.name === name && runner[what].length === 1),
    );
  const attempts = async (sha: string) => (await fleet.built(sha)).jobs[0]?.attempts ?? [];

  /**
   * The runner with that name, once it has joined again; messages that it sent while it was cut off may still arrive.
   */
  const somebodyNew = (former: RunnerMember) =>
    until(`${former.name} is registered under a new epoch`, async () =>
      (await members()).find(({ name, id }) => name === former.name && id !== former.id),
    );

  /** Resolves when a run of the commit's test has lived long enough that a second run would have shown. */
  const isUnderWay = (sha: string, run: number) =>
    until(`run ${run} is under way`, () => (fleet.evidence.runs(sha)[run - 1]?.beats ?? 0) >= 5, 40_000);

  /** Starts r1, gives it a job that takes so many tenths of a second and will be interrupted, then starts r2. */
  async function atWork(tenths: number, options: Parameters<TestFleet['startRunner']>[1] = {}): Promise<string> {
    await fleet.startRunner('r1', options);
    const sha = fleet.push(tenths, 600);
    await fleet.begun(sha);
    await fleet.startRunner('r2');
    return sha;
  }

  it('by kill -9 beside another Volt process on its machine ends its processes before the next attempt starts', async () => {
    const sha = await atWork(10);
    await fleet.kill('r1');
    await fleet.begun(sha, 2);
    await fleet.prove([sha], 2);
    const [first, second] = await attempts(sha);
    expect(first).to.include({ runner: 'r1', status: 'error', reason: 'runner_lost' });
    expect(first?.message).to.include('vanished');
    expect(second).to.include({ runner: 'r2', status: 'success' });
  }).timeout(90_000);

  it('by kill -9 alone on its machine starts the next attempt when its heartbeat expires', async function () {
    if (!works([...apart, 'true'])) return this.skip();
    const sha = await atWork(10, { inside: apart });
    await fleet.kill('r1');
    await fleet.prove([sha], 2);
    const [first] = await attempts(sha);
    expect(first).to.include({ runner: 'r1', reason: 'runner_lost' });
    expect(first?.message).to.include('silent');
  }).timeout(90_000);

  it('by SIGSTOP ends its processes before the next attempt starts, and it changes no result when it wakes up', async () => {
    const sha = await atWork(80);
    const former = await atItsJob('r1');
    fleet.process('r1').signal('SIGSTOP');
    await isUnderWay(sha, 2);
    fleet.process('r1').signal('SIGCONT');
    expect((await somebodyNew(former)).running).to.deep.equal([]);
    await fleet.prove([sha], 2);
    const recorded = await fleet.built(sha);
    expect(recorded.jobs[0]?.attempts.map(({ runner }) => runner)).to.deep.equal(['r1', 'r2']);
    const later = fleet.push(1);
    await fleet.prove([later]);
    expect(await fleet.built(sha)).to.deep.equal(recorded);
  }).timeout(90_000);

  it('by a network cut ends its processes before the next attempt starts, and it changes no result when it is back', async function () {
    if (!network) return this.skip();
    const sha = await atWork(80, { inside: network.inside([]), redis: `redis://${network.address}:${redis.port}` });
    const former = await atItsJob('r1');
    network.cut();
    await isUnderWay(sha, 2);
    network.mend();
    expect((await somebodyNew(former)).running).to.deep.equal([]);
    await fleet.prove([sha], 2);
    expect((await attempts(sha)).map(({ runner }) => runner)).to.deep.equal(['r1', 'r2']);
  }).timeout(90_000);

  it('by a long network cut keeps its unreported outcomes, and it reports them under a new epoch', async function () {
    if (!network) return this.skip();
    const dataDir = folders.make();
    const inside = { inside: network.inside([]), redis: `redis://${network.address}:${redis.port}` };
    await fleet.startRunner('r1', { ...inside, dataDir });
    const sha = fleet.push(600);
    await fleet.begun(sha);
    const former = await atItsJob('r1');
    await fleet.kill('reporter');
    fleet.evidence.end(sha);
    await fleet.over(sha);
    await atItsJob('r1', 'reporting');
    network.cut();
    await until('the runner is no longer registered', async () => (await members()).length === 0);
    // what it had sent of the log is lost, so only its spool can complete the log
    await access.client.del(access.keys.logs);
    const spool = join(dataDir, 'work', 'r1', 'spool');
    expect(readdirSync(spool)).to.have.length(2);
    network.mend();
    expect((await somebodyNew(former)).reporting).to.deep.equal(former.running);
    await fleet.start('reporter');
    await fleet.prove([sha]);
    await until('the runner knows that its outcome is recorded', () => readdirSync(spool).length === 0);
  }).timeout(90_000);

  it('for longer than the orphan timeout ends its job, and it exits 3', async function () {
    if (!network) return this.skip();
    const inside = { inside: network.inside([]), redis: `redis://${network.address}:${redis.port}` };
    const sha = await atWork(10, { ...inside, args: ['--orphan-timeout', '6'] });
    network.cut();
    expect(await fleet.process('r1').ended()).to.equal(3);
    expect(fleet.process('r1').output).to.include('orphaned').and.include('VOLT_ORPHAN_TIMEOUT');
    await fleet.prove([sha], 2);
  }).timeout(90_000);

  it('by a machine that sleeps longer than the lease ends its jobs at the wake-up although Redis answers', async function () {
    const uptime = join(folders.make(), 'uptime');
    writeFileSync(uptime, '1000.00 2000.00\n');
    const inside = [...withUptime, uptime];
    if (!works([...inside, 'true'])) return this.skip();
    await fleet.startRunner('r1', { inside });
    const sha = fleet.push(10, 600);
    await fleet.begun(sha);
    const former = await atItsJob('r1');
    writeSync(openSync(uptime, 'r+'), `${1000 + (2 * leaseTtl) / 1000}`.slice(0, 4));
    expect((await somebodyNew(former)).running).to.deep.equal([]);
    await fleet.prove([sha], 2);
    expect(heartbeatTtl, 'it was never silent for so long').to.be.above(leaseTtl);
  }).timeout(90_000);
});
