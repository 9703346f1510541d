import { hostname } from 'node:os';
import { expect } from 'chai';
import { CommitHandler } from '../../src/dispatcher/commits.ts';
import { routeBuild } from '../../src/dispatcher/route.ts';
import { type BuildId, jobIdOf } from '../../src/kernel/model.ts';
import { hostLabel } from '../../src/kernel/names.ts';
import { Later } from '../../src/queues/consumer.ts';
import type { CommitMessage, JobMessage, ObserveMessage, Result } from '../../src/queues/messages.ts';
import { jobQueue, observeQueue } from '../../src/queues/names.ts';
import { searchBuilds } from '../../src/record/build-search.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { findIntent, openCancels, openTrigger } from '../../src/record/intents.ts';
import { decideJob } from '../../src/record/job-transitions.ts';
import { noteDefaultBranch } from '../../src/record/observations.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { administrator } from '../../src/record/visibility.ts';
import { changeSchema, listen } from '../../src/redis/channels.ts';
import { observed, plannedJob, pullRequest7, recordedBuild } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const [one, two] = ['1', '2'].map((digit) => digit.repeat(40)) as [string, string];

function commit(sha: string, before: string | null, change: Partial<CommitMessage> = {}): CommitMessage {
  return {
    v: 1,
    repo: 'app',
    ref: 'refs/heads/main',
    sha,
    subject: 'a subject',
    author: 'Ada',
    committedAt: '2026-01-02T03:04:05.000Z',
    trigger: 'commit',
    cursor: { generation: 0, before: before === null ? null : { generation: 0, sha: before } },
    passedOver: 0,
    more: false,
    ...change,
  };
}

describe('the dispatcher, given a commit,', () => {
  let volt: TestVolt;
  let handler: CommitHandler;

  before(async () => {
    volt = await TestVolt.start({ jobTimeout: 7 });
  });

  beforeEach(async () => {
    const { database } = volt.context;
    await volt.emptyRedis();
    for (const table of ['builds', 'cursors', 'intents', 'repositories'] as const)
      await database.db.deleteFrom(table).execute();
    await observed(database);
    handler = new CommitHandler(volt.context);
  });

  after(() => volt.stop());

  const builds = () => listBuilds(volt.context.database, { limit: 10 });
  const sent = async (labels: string[] = []) =>
    (await volt.context.queues.queue(jobQueue(labels)).getPrioritized()).map(
      ({ data: { signed: _, server: __, ...message } }) => message as JobMessage,
    );
  const looks = async (host: string | null = null) =>
    (await volt.context.queues.queue(observeQueue(host)).getWaiting()).map(({ data }) => data as ObserveMessage);

  it('records the pull request of a build, and sends the job of its merge without trust in any ref', async () => {
    const { database } = volt.context;
    await setTrustedRefs(database, 'app', ['refs/**']);
    const pullRequest = { ...pullRequest7, before: null, conflicts: null };
    await handler.handle(commit(one, null, { ref: 'refs/pull/7/head', pullRequest }));
    await handler.handle(commit(two, null));
    const found = await searchBuilds(database, { reader: administrator, repos: ['app'], pull: 7 }, { limit: 10 });
    expect(found.map(({ sha, pullRequest }) => [sha, pullRequest])).to.deep.equal([
      [one, { number: 7, head: null, base: 'main', trusted: false, url: null }],
    ]);
    const { base, merge } = pullRequest7;
    const shown = [...(await sent()), ...(await sent(['plan:pull-request']))].map((each) => [
      each.sha,
      each.merge,
      each.trust.trusted,
      each.pullRequest,
    ]);
    expect(shown).to.deep.equal([
      [two, undefined, true, undefined],
      [merge, { base, head: one }, false, 7],
    ]);
  });

  it('treats a merge group of GitHub as its pull request, and a branch with such a name as any other', async () => {
    const { database } = volt.context;
    await setTrustedRefs(database, 'app', ['refs/**']);
    await observed(database, 'app', { pullRequestLabels: [] });
    const ref = `refs/heads/gh-readonly-queue/main/pr-7-${one}`;
    const mergeGroup = { base: 'main', baseSha: one, number: 7 };
    await handler.handle(commit(one, null, { ref, mergeGroup }));
    await handler.handle(commit(two, null, { ref: `${ref}f` }));
    const told = ({ sha, trust, pullRequest }: JobMessage) => [sha, trust, pullRequest];
    expect((await sent()).map(told)).to.deep.equal([[two, { trusted: true, class: `${ref}f` }, undefined]]);
    expect((await sent(['plan:pull-request'])).map(told)).to.deep.equal([
      [one, { trusted: false, class: `pull request ${ref}` }, 7],
    ]);
  });

  describe('of a pull request,', () => {
    const pullRequest = { ...pullRequest7, before: null, conflicts: null };
    const ref = 'refs/pull/7/head';
    const decided = async () =>
      (await volt.context.queues.queue('results').getWaiting()).map(({ data }) => data as Result<'decided'>);

    it('refuses a job of a merge group whose labels are not among those of pull requests', async () => {
      const { database } = volt.context;
      await observed(database, 'app', { pullRequestLabels: [] });
      const group = { name: 'merge_group', action: null, group: { number: 7, isTested: true } };
      const jobs = [plannedJob('test', { labels: ['gpu'] })];
      await routeBuild(volt.context, await recordedBuild(database, { jobs, trigger: 'commit', event: group }));
      expect((await decided())[0]).to.include({ status: 'error', reason: 'labels_refused' });
    });

    it('fails its build without a runner where it conflicts with its base, and names the files', async () => {
      const files = Array.from({ length: 12 }, (_, index) => `src/${index}.ts`);
      await handler.handle(commit(one, null, { ref, pullRequest: { ...pullRequest, merge: null, conflicts: files } }));
      expect(await sent()).to.deep.equal([]);
      const [end] = await decided();
      expect(end).to.include({ status: 'failure', reason: 'merge_conflict' });
      expect(end?.message).to.match(
        /^it conflicts with main in src\/0\.ts, .*, src\/9\.ts and 2 more files: merge main /,
      );
    });

    it('orders the builds of its earlier heads to end, and no others', async () => {
      const { database } = volt.context;
      const earlier = { generation: 0, sha: one };
      await handler.handle(commit(one, null));
      await handler.handle(commit(one, null, { ref, pullRequest }));
      await handler.handle(commit(one, null, { ref: 'refs/pull/8/head', pullRequest: { ...pullRequest, number: 8 } }));
      const next = { ref, pullRequest: { ...pullRequest, before: one }, cursor: { generation: 1, before: earlier } };
      await handler.handle(commit(two, null, next));
      const orders = (await openCancels(database)).map(({ build, job, because }) => ({ build, job, because }));
      const [former] = await searchBuilds(database, { reader: administrator, pull: 7, sha: one }, { limit: 1 });
      const message = 'replaced by commit 222222222222 of the pull request';
      expect(orders).to.deep.equal([{ build: former?.id, job: null, because: { reason: 'superseded', message } }]);
    });

    it('refuses a job whose labels are not among those of pull requests, but for its own machine', async () => {
      const { database } = volt.context;
      const named = async (labels: string[], globs: string[] | null, host: string | null = null) => {
        await observed(database, 'app', { pullRequestLabels: globs, host });
        const build = await recordedBuild(database, {
          jobs: [plannedJob('test', { labels })],
          pullRequest: pullRequest7,
        });
        await routeBuild(volt.context, build);
        const [end] = await decided();
        await volt.emptyRedis();
        return end && [end.status, end.reason, end.message];
      };
      const refusal = (labels: string) => [
        ...[
          'error',
          'labels_refused',
          `pull requests of this repository may not use runners with the labels ${labels}`,
        ],
      ];
      expect(await named(['gpu', 'linux'], ['linux'])).to.deep.equal(refusal('gpu'));
      expect(await named(['linux'], [])).to.deep.equal(refusal('linux'));
      expect(await named(['host:box', 'linux-arm'], ['linux*'], 'box')).to.equal(undefined);
      expect(await named(['host:other'], ['linux*'], 'box')).to.deep.equal(refusal('host:other'));
      expect(await named(['host:box'], ['linux*'])).to.deep.equal(refusal('host:box'));
      expect(await named(['gpu'], null)).to.equal(undefined);
    });
  });

  it('records a build and sends its job', async () => {
    await noteDefaultBranch(volt.context.database, 'app', 'main');
    await handler.handle(commit(one, null));
    const [build] = await builds();
    expect(build).to.include({ repo: 'app', sha: one, status: 'queued', trigger: 'commit', message: null });
    expect(await sent()).to.deep.equal([
      {
        v: 1,
        job: jobIdOf(build?.id as BuildId, 1),
        attempt: 1,
        build: build?.id,
        name: 'test',
        labels: [],
        repo: { name: 'app', url: 'https://example.com/app.git' },
        ref: 'refs/heads/main',
        sha: one,
        trust: { trusted: true, class: 'default' },
        plan: { kind: 'discover' },
        timeout: 7,
        repeatable: true,
      },
    ]);
  });

  it("runs the repository's command, on its own machine if it is a path", async () => {
    await observed(volt.context.database, 'local', { url: '/srv/app', host: 'Build1', command: 'make check' });
    await handler.handle(commit(one, null, { repo: 'local' }));
    const labels = [hostLabel('Build1')];
    expect((await sent(labels)).map(({ plan }) => plan)).to.deep.equal([{ kind: 'command', command: 'make check' }]);
  });

  it('announces the new build', async () => {
    const { access, logger } = volt.context;
    const heard: unknown[] = [];
    const stop = await listen(access, access.keys.changes, changeSchema, logger, (change) => heard.push(change));
    await handler.handle(commit(one, null));
    await until('it is told', () => heard.length > 0);
    expect(heard).to.deep.equal([{ build: (await builds())[0]?.id, repo: 'app', status: 'queued' }]);
    await stop();
  });

  it('makes no second build when the commit is delivered again, and sends missing messages', async () => {
    await handler.handle(commit(one, null));
    await handler.handle(commit(one, null));
    expect(await builds()).to.have.length(1);
    expect(await sent()).to.have.length(1);
    await volt.emptyRedis();
    await handler.handle(commit(one, null));
    expect(await builds()).to.have.length(1);
    expect(await sent()).to.have.length(1);
  });

  it('sends nothing when the commit is delivered again after it was built', async () => {
    await handler.handle(commit(one, null));
    const build = (await builds())[0]?.id as BuildId;
    await decideJob(
      volt.context.database,
      { job: jobIdOf(build, 1), attempt: 1 },
      { status: 'success', reason: null, message: null },
      Date.now(),
    );
    await volt.emptyRedis();
    await handler.handle(commit(one, null));
    expect(await sent()).to.deep.equal([]);
  });

  it('waits with a commit until the commit before it is recorded', async () => {
    const early = await handler.handle(commit(two, one)).catch((error: Error) => error);
    expect(early).to.be.instanceOf(Later);
    expect(await builds()).to.deep.equal([]);
    await handler.handle(commit(one, null));
    await handler.handle(commit(two, one));
    expect((await builds()).map(({ sha }) => sha)).to.deep.equal([two, one]);
  });

  it('drops a commit that has waited too long for the one before, over several dispatchers', async () => {
    const early = await handler.handle(commit(two, one), { count: 40, deaths: 0 }).catch((error: Error) => error);
    expect(early).to.be.instanceOf(Later);
    await new CommitHandler(volt.context).handle(commit(two, one), { count: 41, deaths: 0 });
    expect(await builds()).to.deep.equal([]);
  });

  it('says how many older commits were skipped', async () => {
    await handler.handle(commit(one, null, { passedOver: 3 }));
    expect((await builds())[0]?.message).to.equal('3 older commits were skipped');
  });

  it('requests a poll if more commits wait', async () => {
    await handler.handle(commit(one, null));
    expect(await looks()).to.deep.equal([]);
    await handler.handle(commit(two, one, { more: true }));
    expect(await looks()).to.deep.equal([{ v: 1, repo: 'app', cause: 'batch' }]);
    await observed(volt.context.database, 'local', { url: '/srv/app', host: hostname() });
    await handler.handle(commit(one, null, { repo: 'local', more: true }));
    expect((await looks(hostname())).map(({ repo }) => repo)).to.deep.equal(['local']);
  });

  it("answers a person's request with the build", async () => {
    const intent = await openTrigger(volt.context.database, 'app', null);
    const { cursor, ...message } = commit(one, null, { trigger: 'manual', intent });
    await handler.handle(message);
    const [build] = await builds();
    expect(await findIntent(volt.context.database, intent)).to.include({ open: false, madeBuild: build?.id });
    expect(await findBuild(volt.context.database, build?.id as BuildId)).to.include({ trigger: 'manual' });
  });

  it('drops a commit of a repository that is no longer observed, and fails the request of a person', async () => {
    await handler.handle(commit(one, null, { repo: 'gone' }));
    const intent = await openTrigger(volt.context.database, 'gone', null);
    await handler.handle(commit(one, null, { repo: 'gone', trigger: 'manual', intent }));
    expect(await builds()).to.deep.equal([]);
    expect((await findIntent(volt.context.database, intent))?.error).to.include({ code: 'not_found' });
  });
});
