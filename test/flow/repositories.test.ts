import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { dataPaths, logFile } from '../../src/kernel/data-paths.ts';
import { jobIdOf } from '../../src/kernel/model.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { openTrigger } from '../../src/record/intents.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { resultsOf } from '../../src/record/test-queries.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a repository from commit to verdict', () => {
  let volt: TestVolt;
  const made: TestRepository[] = [];

  before(async () => {
    volt = await TestVolt.startAll();
  });

  after(async () => {
    await volt.stop();
    for (const repository of made) repository.remove();
  });

  /** Each repository has different commits. */
  function repositoryOf(script: string): TestRepository {
    const repository = new TestRepository({ 'test.sh': `#!/bin/sh\n# ${made.length}\n${script}\n` });
    made.push(repository);
    return repository;
  }
  const look = (name: string) =>
    volt.context.queues.sendObserve(volt.context.config.host, { v: 1, repo: name, cause: 'person' });
  const results = (name: string) => join(dataPaths(volt.dataDir).testResults, name);

  it('skips the build of a [skip ci] commit, and runs it if a person triggers it', async () => {
    const repository = repositoryOf('exit 0');
    await volt.observe(repository.path, { name: 'docs' });
    await volt.build(repository.head());
    const sha = repository.commit('a word more [skip ci]');
    await look('docs');
    const skipped = await volt.build(sha);
    expect(skipped).to.include({ status: 'skipped', reason: 'skip_ci', trigger: 'commit' });
    expect(skipped.message).to.include('[skip ci]').and.include('trigger');
    expect(skipped.jobs.map(({ status, runner }) => [status, runner])).to.deep.equal([['skipped', null]]);
    await until('the results of the build are written', () => existsSync(join(results('docs'), `${sha}.json`)));
    await openTrigger(volt.context.database, 'docs', null);
    await look('docs');
    const run = await volt.build(sha, ({ trigger, finishedAt }) => trigger === 'manual' && finishedAt !== null);
    expect(run).to.include({ status: 'success' });
  });

  it('stores the tests of configured report files, for a command and for a workflow', async () => {
    const report = (name: string) => `<testsuite name="s"><testcase name="${name}"/></testsuite>`;
    const repository = new TestRepository({
      'out/a.xml': report('of a file'),
      'out/bad.xml': 'none',
      '.volt/workflows/ci.yml':
        'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n',
    });
    made.push(repository);
    await volt.observe(repository.path, { name: 'reports', command: 'touch out/*.xml', reports: ['out/*.xml'] });
    const named = async (number: number) => {
      const build = await volt.build(repository.head(), (one) => one.number === number && one.finishedAt !== null);
      expect(build.status).to.equal('success');
      const tests = await resultsOf(volt.context.database, { build: build.id, failed: false, limit: 9 });
      return tests.map(({ suite, name, status }) => [suite, name, status]);
    };
    expect(await named(1)).to.deep.equal([['s', 'of a file', 'passed']]);
    // added again without naming them, they stay
    await volt.observe(repository.path, { name: 'reports', command: null });
    await look('reports');
    expect(await named(2)).to.deep.equal([['s', 'of a file', 'passed']]);
  });

  it('builds its head with a changed command', async () => {
    const repository = repositoryOf('exit 0');
    await volt.observe(repository.path, { name: 'tool' });
    await volt.build(repository.head());
    await volt.observe(repository.path, { name: 'tool', command: 'exit 3' });
    await look('tool');
    const build = await volt.build(repository.head(), ({ number, finishedAt }) => number === 2 && finishedAt !== null);
    expect(build).to.include({ status: 'failure', reason: 'exit_code' });
    expect(await listBuilds(volt.context.database, { repo: 'tool', limit: 10 })).to.have.length(2);
  });

  it('cancels its running builds with a reason when it is removed', async () => {
    const repository = repositoryOf('sleep 60');
    await volt.observe(repository.path, { name: 'gone' });
    const running = await volt.build(repository.head(), ({ status }) => status === 'running');
    const sha = repository.commit('waits');
    await look('gone');
    await volt.build(sha, ({ status }) => status === 'queued');
    const removal = await removeRepository(volt.context.database, 'gone', false);
    for (const build of removal?.builds ?? []) await volt.context.queues.sendAdvance({ v: 1, build });
    for (const commit of [running.sha, sha]) {
      const build = await volt.build(commit);
      expect(build).to.include({
        status: 'cancelled',
        reason: 'by_user',
        message: 'the repository gone was removed',
      });
    }
    expect(await listBuilds(volt.context.database, { repo: 'gone', limit: 10 })).to.have.length(2);
  });

  it('leaves no data when it is purged, and can be added again', async () => {
    const repository = repositoryOf('exit 0');
    await volt.observe(repository.path, { name: 'brief' });
    const build = await volt.build(repository.head());
    const logs = dirname(logFile(volt.dataDir, { job: jobIdOf(build.id, 1), attempt: 1 }));
    await until('the results of the build are written', () => existsSync(results('brief')));
    expect(existsSync(logs)).to.equal(true);
    await removeRepository(volt.context.database, 'brief', true);
    await until(
      'it is gone',
      async () => !(await findBuild(volt.context.database, build.id)) && !existsSync(results('brief')),
    );
    expect(existsSync(logs)).to.equal(false);
    await until('the name of the repository is free', () =>
      volt.observe(repository.path, { name: 'brief' }).catch(() => undefined),
    );
    await look('brief');
    expect(await volt.build(repository.head())).to.include({ repo: 'brief', number: 1, status: 'success' });
  });
});
