import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Build, isFinal } from '../../src/kernel/model.ts';
import { startObserver } from '../../src/observer/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { searchBuilds } from '../../src/record/build-search.ts';
import { findBuild } from '../../src/record/builds.ts';
import { changeRepository } from '../../src/record/repositories.ts';
import { administrator } from '../../src/record/visibility.ts';
import { isIsolable } from '../support/isolation.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a pull request', function () {
  this.timeout(120_000);
  let volt: TestVolt;
  let observer: Stage;
  let repository: TestRepository;

  before(async function () {
    if (!(await isIsolable('sandbox'))) this.skip();
    repository = new TestRepository({ 'test.sh': 'true\n' }, { name: 'app' });
    point(1, commit({ 'old.txt': '' }));
    volt = await TestVolt.start({ isolation: 'sandbox' });
    await volt.reporter();
    await volt.dispatcher();
    observer = await startObserver(volt.context);
    await volt.runner();
    const settings = { command: 'sh test.sh', pollSeconds: 1, pullRequests: 'all' } as const;
    await volt.observe(repository.path, settings);
    await until('the branch is built', async () => (await newest())?.status === 'success');
  });

  after(async () => {
    await observer?.stop();
    await volt?.stop();
    repository?.remove();
  });

  /** Makes a commit on no branch, on top of the default branch as it is now. @returns its id */
  function commit(files: Record<string, string>): string {
    repository.git('checkout', '--quiet', '--detach', 'main');
    const sha = repository.commit('a change', files);
    repository.git('checkout', '--quiet', 'main');
    return sha;
  }

  const point = (number: number, sha: string) => repository.git('update-ref', `refs/pull/${number}/head`, sha);

  async function newest(pull?: number): Promise<Build | undefined> {
    const [found] = await searchBuilds(
      volt.context.database,
      { reader: administrator, repos: ['app'], pull },
      { limit: 1 },
    );
    return found && findBuild(volt.context.database, found.id);
  }

  /** The newest build of a pull request, once that commit is built. */
  async function built(pull: number, sha: string): Promise<Build> {
    const isEnd = (build: Build | undefined) => build && build.sha === sha && isFinal(build.status);
    return until(`pull request ${pull} is built`, async () => {
      const build = await newest(pull);
      return isEnd(build) ? build : undefined;
    });
  }

  it('is tested as it will be once it is merged; those of before are not', async () => {
    const script = 'ls own.txt base.txt && git log -1 --format=%P\n';
    const head = commit({ 'own.txt': '', 'test.sh': script });
    const base = repository.commit('main moves on', { 'base.txt': '' });
    point(2, head);
    const build = await built(2, head);
    expect(build).to.include({ status: 'success', ref: 'refs/pull/2/head', trigger: 'commit' });
    expect(build.pullRequest).to.deep.equal({ number: 2, head: null, base: 'main', trusted: false, url: null });
    const log = readFileSync(join(volt.dataDir, 'logs', build.id, `${build.jobs[0]?.id}.1.log`), 'utf8');
    expect(log).to.include(`${base} ${head}`);
    expect(await newest(1)).to.equal(undefined);
  });

  it('fails without a job where it conflicts with its base', async () => {
    const head = commit({ 'base.txt': 'mine' });
    repository.commit('in the way', { 'base.txt': 'ours' });
    point(3, head);
    const { status, jobs } = await built(3, head);
    expect(status).to.equal('failure');
    expect(jobs[0]).to.include({ status: 'failure', reason: 'merge_conflict', runner: null });
    expect(jobs[0]?.message).to.include('base.txt');
  });

  it('that gets a newer head while no observer runs is built at that head, and its earlier build is cancelled', async () => {
    const one = commit({ 'test.sh': 'sleep 600\n' });
    point(4, one);
    await until('its job runs', async () => (await newest(4))?.status === 'running');
    await observer.stop();
    const two = commit({ 'c.txt': '' });
    point(4, two);
    observer = await startObserver(volt.context);
    expect(await built(4, two)).to.include({ status: 'success' });
    const builds = () =>
      searchBuilds(volt.context.database, { reader: administrator, repos: ['app'], pull: 4 }, { limit: 9 });
    await until('the earlier build has ended', async () => (await builds()).every(({ status }) => isFinal(status)));
    expect((await builds()).map(({ sha, status, reason }) => [sha, status, reason])).to.deep.equal([
      [two, 'success', null],
      [one, 'cancelled', 'superseded'],
    ]);
  });

  it('waits for a runner that isolates it, while others are free, and runs there', async () => {
    const mark = join(volt.dataDir, 'ran');
    await volt.runner({ name: 'bare', labels: ['extra'], isolation: 'none' });
    await changeRepository(volt.context.database, 'app', { runners: ['extra'] });
    const head = commit({ 'test.sh': `touch ${mark}\n` });
    point(5, head);
    await until('it waits', async () => (await newest(5))?.sha === head);
    repository.commit('of a branch');
    await until('the bare runner is done with a job', async () => {
      const build = await newest();
      return build?.ref === 'refs/heads/main' && build.status === 'success' && build.jobs[0]?.runner === 'bare';
    });
    expect(await newest(5)).to.include({ status: 'queued' });
    await volt.runner({ name: 'closed', labels: ['extra'], isolation: 'sandbox' });
    const { jobs } = await built(5, head);
    expect(jobs[0]).to.include({ runner: 'closed' });
    expect(jobs[0]?.attempts).to.have.lengthOf(1);
    expect(existsSync(mark)).to.equal(false);
  });
});
