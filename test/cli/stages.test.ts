import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { apiOf, newestBuild } from '../support/api.ts';
import { root } from '../support/bundle.ts';
import { temporaryFolder, VoltProcess, volt } from '../support/cli.ts';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

describe('stages as processes of their own', function () {
  this.timeout(180_000);
  let redis: TestRedis;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let env: Record<string, string>;
  const processes: VoltProcess[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    folder = await temporaryFolder();
    env = { VOLT_REDIS_URL: redis.url, VOLT_DATA_DIR: folder.path, VOLT_HTTP_PORT: '0' };
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.stop()));
    await redis.stop();
    await folder.remove();
  });

  const healthFile = (index: number): string => join(folder.path, `alive-${index}`);

  async function start(args: string[], script?: string): Promise<VoltProcess> {
    const own = { ...env, VOLT_HEALTH_FILE: healthFile(processes.length) };
    const process = new VoltProcess(args, { env: own, ...(script === undefined ? {} : { script }) });
    processes.push(process);
    await process.says(/ ready\b.*; Redis redis:\/\/127\.0\.0\.1:\d+\n/);
    return process;
  }

  it('run by `volt` and by the files in workers/, and stop at a signal', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\n' });
    await start(['web']);
    await start([], join(root, 'dist/workers/dispatcher.js'));
    await start(['reporter']);
    await start(['--name', 'r1', '--slots', '1', '--labels', 'gpu,Big'], join(root, 'dist/workers/runner.js'));
    await start(['observer', '--repo', `app=${repository.path}`, '--poll', '1']);
    expect(processes[3]?.stdout).to.match(
      /^runner r1 ready: 1 slot, labels big, gpu, host:\S+, linux, \S+; isolation \w+; network: .+; Redis/,
    );
    await until('the build has a verdict', async () => (await newestBuild(folder.path, 'app'))?.status === 'success');
    const { stdout } = await volt(['builds', '--json'], { env });
    expect(JSON.parse(stdout).builds[0]).to.include({ status: 'success' });
    for (const [index] of processes.entries())
      expect(existsSync(healthFile(index)), `health of ${index}`).to.equal(true);
    for (const process of processes.reverse()) {
      process.signal('SIGTERM');
      expect(await process.ended(), process.stdout).to.include({ code: 0 });
    }
    repository.remove();
  });

  it('find the Redis of `volt up` in its data directory', async () => {
    const data = join(folder.path, 'data');
    const up = new VoltProcess(['up', '--data', data, '--port', '0']);
    processes.push(up);
    await up.says(/Ctrl-C/);
    const runner = new VoltProcess(['runner', '--name', 'second', '--data', data]);
    processes.push(runner);
    const [, said] = await runner.says(/(runner second ready.*)\n/);
    expect(said).to.contain('redis+unix://***@');
    await until('two runners are registered', async () => (await apiOf(data).all('/runners', 'runners')).length === 2);
    expect(await runner.stop()).to.include({ code: 0 });
  });

  it('hand their jobs back at the second signal', async () => {
    const repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho begun\nsleep 60\n' });
    await start(['web']);
    await start(['dispatcher']);
    await start(['reporter']);
    const runner = await start(['runner', '--name', 'r1']);
    await start(['observer', '--repo', repository.path]);
    const job = async () => (await newestBuild(folder.path, 'sample'))?.jobs[0];
    await until('the job runs', async () => (await job())?.status === 'running');
    runner.signal('SIGTERM');
    await runner.says(/stopping runner: waiting for its jobs to end/);
    // another signal is no echo of the first, however soon it comes
    runner.signal('SIGINT');
    expect(await runner.ended()).to.include({ code: 0 });
    await until('the attempt was handed back', async () => (await job())?.attempts[0]?.reason === 'handed_back');
    repository.remove();
  });

  it('refuse a Redis that serves another database', async () => {
    await start(['dispatcher']);
    const other = await volt(['reporter', '--data', join(folder.path, 'other')], { env });
    expect(other.code).to.equal(3);
    expect(other.stderr).to.match(/^error record_mismatch: /m);
  });

  it('exit 3 if a runner has been without Redis for too long', async () => {
    env.VOLT_ORPHAN_TIMEOUT = '2';
    const runner = await start(['runner']);
    await redis.kill();
    const end = await runner.ended();
    expect(end.code).to.equal(3);
    expect(end.stderr).to.match(/^error orphaned: /m);
  });

  it('exit 3 with a remedy if there is no Redis', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`;
    const end = await volt(['dispatcher', '--redis', url], { env: { VOLT_DATA_DIR: folder.path } });
    expect(end.code).to.equal(3);
    expect(end.stderr)
      .to.match(/^error redis_unreachable: .*\n {2}Start the server/m)
      .and.not.contain('secret');
    expect(existsSync(join(folder.path, 'volt.db'))).to.equal(false);
  });
});
