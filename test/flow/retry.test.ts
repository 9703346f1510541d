import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Build, BuildId, Status } from '../../src/kernel/model.ts';
import { findBuild } from '../../src/record/builds.ts';
import { findIntent, openRetry } from '../../src/record/intents.ts';
import type { Repository } from '../../src/record/repositories.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a retry by a person', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  let repository: TestRepository;
  let observed: Repository;
  const repositories: TestRepository[] = [];

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
    repository = new TestRepository({ README: 'x' }, { name: 'app' });
    observed = await volt.observe(repository.path, { command: 'true' });
    await volt.build(repository.head());
  });

  after(async () => {
    await volt.stop();
    for (const one of [repository, ...repositories]) one.remove();
    folders.remove();
  });

  const build = (jobs: { [name: string]: [command: string, ...needs: string[]] }) =>
    volt.plan(
      observed.name,
      repository.head(),
      Object.fromEntries(Object.entries(jobs).map(([name, [command, ...needs]]) => [name, { command, needs }])),
    );

  const now = async (id: BuildId) => (await findBuild(volt.context.database, id)) as Build;
  const over = (id: BuildId) => volt.built(id);
  const statuses = ({ jobs }: Build): { [name: string]: Status } =>
    Object.fromEntries(jobs.map(({ name, status }) => [name, status]));

  async function ask(
    id: BuildId,
    wish: { failedOnly?: boolean; announced?: boolean; repo?: string } = {},
  ): Promise<number> {
    const { database, queues } = volt.context;
    const intent = await openRetry(database, wish.repo ?? observed.name, id, {
      job: null,
      failedOnly: wish.failedOnly ?? false,
    });
    if (wish.announced ?? true) await queues.sendAdvance({ v: 1, build: id });
    await until('the request is closed', async () => (await findIntent(database, intent))?.open === false);
    return intent;
  }

  it('runs failed jobs and the jobs skipped for them, and updates the verdict and its files', async () => {
    const mended = join(folders.make(), 'mended');
    const id = await build({
      lint: ['true'],
      test: [`echo try; test -e ${mended}`, 'lint'],
      publish: ['true', 'test'],
    });
    expect(statuses(await over(id))).to.deep.equal({ lint: 'success', test: 'failure', publish: 'skipped' });
    writeFileSync(mended, '');
    await ask(id, { failedOnly: true });
    const end = await over(id);
    expect(end.status).to.equal('success');
    expect(end.jobs.map(({ name, status, attempts }) => [name, status, attempts.length])).to.deep.equal([
      ['lint', 'success', 1],
      ['test', 'success', 2],
      ['publish', 'success', 1],
    ]);
    const results = join(volt.dataDir, 'test_results', observed.name);
    const stored = await until('the new verdict is written', async () => {
      const file = join(results, `${end.sha}.json`);
      const json = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined;
      return json?.id === id && json.status === 'success' && json;
    });
    expect(stored.jobs[1].attempts.map(({ status }: { status: string }) => status)).to.deep.equal([
      'failure',
      'success',
    ]);
  });

  it('runs the jobs of a workflow again and plans the jobs that need them again', async () => {
    const mended = join(folders.make(), 'mended');
    const workflow = {
      on: 'push',
      jobs: {
        unit: { 'runs-on': 'linux', steps: [{ run: `test -e ${mended}` }] },
        matrix: {
          'runs-on': 'linux',
          needs: 'unit',
          strategy: { matrix: { n: [1, 2] } },
          steps: [{ run: 'echo ${{ matrix.n }}' }],
        },
        always: { 'runs-on': 'linux', needs: 'unit', if: 'always()', steps: [{ run: 'true' }] },
      },
    };
    const other = new TestRepository({ '.volt/workflows/ci.yml': JSON.stringify(workflow) }, { name: 'flow' });
    repositories.push(other);
    await volt.observe(other.path);
    const first = await volt.build(other.head());
    expect(statuses(first)).to.deep.equal({ unit: 'failure', matrix: 'skipped', always: 'success' });
    writeFileSync(mended, '');
    await ask(first.id, { failedOnly: true, repo: 'flow' });
    const end = await over(first.id);
    expect(statuses(end)).to.deep.equal({
      unit: 'success',
      'matrix (1)': 'success',
      'matrix (2)': 'success',
      always: 'success',
    });
    expect(end).to.include({ status: 'success', reason: null });
    expect(Object.fromEntries(end.jobs.map(({ name, attempts }) => [name, attempts.length]))).to.include({
      unit: 2,
      'matrix (2)': 1,
      always: 2,
    });
  });

  it('ends in a failure again if the job fails again', async () => {
    const id = await build({ test: ['exit 3'], publish: ['true', 'test'] });
    await over(id);
    await ask(id);
    const end = await over(id);
    expect(statuses(end)).to.deep.equal({ test: 'failure', publish: 'skipped' });
    expect(end.jobs[0]?.attempts).to.have.length(2);
  });

  it('is found in the database if its announcement was lost', async () => {
    const id = await build({ test: ['true'] });
    await over(id);
    await ask(id, { announced: false });
    expect((await over(id)).jobs[0]?.attempts).to.have.length(2);
  });

  it('reports why it has no effect if it comes too late', async () => {
    const release = join(folders.make(), 'release');
    const id = await build({ test: [`until test -e ${release}; do sleep 0.05; done`] });
    await until('the job runs', async () => (await now(id)).status === 'running');
    const intent = await ask(id);
    const found = await findIntent(volt.context.database, intent);
    expect(found?.error).to.include({ code: 'conflict' });
    writeFileSync(release, '');
    expect((await over(id)).jobs[0]?.attempts).to.have.length(1);
  });
});
