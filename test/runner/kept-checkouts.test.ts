import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settleIsolation } from '../../src/exec/isolation-check.ts';
import { jobPaths } from '../../src/job/sandbox/job-paths.ts';
import type { Overrides } from '../../src/kernel/config.ts';
import type { RunnerStage } from '../../src/runner/start.ts';
import { hasEngine, startEngine, tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { groupKinds, isPossible } from '../support/group-kinds.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { isWatched } from '../support/tree-snapshot.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a runner of a large repository', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let volt: TestVolt;
  let runner: RunnerStage;
  let repository: TestRepository;
  let seen: string;
  let commits = 0;

  before(async function () {
    const possible = await Promise.all(groupKinds.map(isPossible));
    if (!(possible[0] || possible[1]) || !isWatched(folders)) this.skip();
  });

  afterEach(async () => {
    await volt?.stop();
    repository?.remove();
  });
  after(folders.remove);

  /** Each job writes down the inode of a file, and changes files. */
  async function start(overrides: Overrides = {}, own?: string): Promise<void> {
    seen = join(folders.make(), 'seen');
    const files: Record<string, string> = {};
    for (let index = 0; index < 400; index++) files[`d${index % 10}/f${index}.txt`] = `${index}\n`;
    repository = new TestRepository(files);
    volt = await TestVolt.start(overrides);
    await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
    runner = await volt.runner({ name: 'box' });
    const noting = `stat -c '%i %w' d1/f1.txt >> ${seen}; test ! -e left && echo left > left && echo x > d2/f2.txt`;
    await volt.observe(repository.path, { command: own ?? noting, pollSeconds: 1 });
    await verdict(repository.head());
  }

  async function verdict(sha: string): Promise<void> {
    const { status, jobs } = await volt.build(sha);
    expect(status, jobs[0]?.message ?? '').to.equal('success');
  }

  /** What the job of a further commit wrote down. */
  async function next(): Promise<string | undefined> {
    await verdict(repository.commit('next', { 'a.txt': `${++commits}` }));
    return existsSync(seen) ? readFileSync(seen, 'utf8').trim().split('\n').at(-1) : undefined;
  }

  it('writes only files that differ from the checkout before', async () => {
    await start();
    const first = readFileSync(seen, 'utf8').trim();
    expect([await next(), await next()]).to.deep.equal([first, first]);
  });

  it('writes all files after a restart, since nobody knows whether its earlier jobs have ended', async () => {
    await start();
    const first = readFileSync(seen, 'utf8').trim();
    await runner.stop();
    runner = await volt.runner({ name: 'box' });
    expect(await next()).to.not.equal(first);
  });

  it('keeps no files of a job in a container, which can change them without a trace', async function () {
    if (!hasEngine() || !(await isIsolable('sandbox')) || !(await settleIsolation('sandbox')).filtersCalls)
      return this.skip();
    const engine = await startEngine();
    try {
      await start({ isolation: 'sandbox', engine: engine.socket }, 'true');
      const kept = () => readdirSync(jobPaths('sandbox', volt.dataDir, 'box').trees).length;
      await until('files are kept', () => kept() === 1);
      const changed = await volt.observe(repository.path, {
        ...{ command: 'test -e /bin/busybox', image: tinyImage, pollSeconds: 1 },
      });
      expect(changed).to.include({ image: tinyImage });
      await next();
      await until('no files are kept', () => kept() === 0);
      // what is kept of a job is there before the runner is idle
      await runner.stop();
      expect(kept()).to.equal(0);
    } finally {
      await volt.stop();
      await engine.stop();
    }
  });

  it('writes all files with VOLT_CHECKOUT_LIMIT=0', async () => {
    await start({ checkoutLimit: 0 });
    const first = readFileSync(seen, 'utf8').trim();
    expect(await next()).to.not.equal(first);
  });
});
