import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import type { Build, BuildId, Job } from '../../src/kernel/model.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { findIntent, openCancel, openRetry, orderCancel } from '../../src/record/intents.ts';
import { listRunners, unfitReason } from '../../src/redis/membership.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { observed } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a job that could not start without a fault of the commit', () => {
  const folders = new TestFolders();
  const top = folders.make();
  let volt: TestVolt;
  let server: GitOverHttp;
  let repository: TestRepository;
  let dispatcher: Stage;
  /** number of requests that the server still refuses */
  let refusals = 0;

  before(async () => {
    repository = new TestRepository({ README: 'x' }, { at: join(top, 'app') });
    server = await GitOverHttp.start(top, 'ada', 'secret');
    server.isOpen = () => true;
    server.isAway = () => refusals-- > 0;
  });

  after(async () => {
    await server.stop();
    folders.remove();
  });

  afterEach(() => volt.stop());

  async function begin(tryAgain: string): Promise<void> {
    refusals = 0;
    volt = await TestVolt.start({ tryAgain });
    volt.context.logger.silent = true;
    await observed(volt.context.database, 'app', { url: server.url('app/.git') });
    await volt.reporter();
    dispatcher = await volt.dispatcher();
  }

  const runners = new Map<string, Stage>();
  const runner = async (name: string, dataDir = folders.make()) => {
    const stage = await volt.runnerApart(name, dataDir);
    runners.set(name, stage);
    // it takes no jobs before the dispatcher has read its key
    await until(`runner ${name} takes jobs`, async () => (await takingJobs()).includes(name));
    return stage;
  };
  const takingJobs = async () =>
    (await listRunners(volt.context.access)).alive
      .filter((one) => unfitReason(one) === undefined)
      .map(({ name }) => name);
  const stopRunner = (name: string) => runners.get(name)?.stop();
  const plan = (jobs: Parameters<TestVolt['plan']>[2] = { test: { command: 'true' } }) =>
    volt.plan('app', repository.head(), jobs);
  const only = (build: Build): Job => build.jobs[0] as Job;
  const story = (job: Job) => job.attempts.map(({ runner, status, reason }) => [runner, status, reason]);
  const again = ['error', 'fetch_failed'];

  /** A machine without a mirror of the repository that cannot create one. */
  function sickMachine(): string {
    const dataDir = folders.make();
    const { path } = new Mirror(join(dataDir, 'mirrors'), server.url('app/.git'), {});
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'no folder');
    return dataDir;
  }

  it('runs again on the same runner if there is no other, and its build passes', async () => {
    await begin('0,0');
    await runner('a');
    refusals = 2;
    const job = only(await volt.built(await plan()));
    expect(job).to.include({ status: 'success', message: null, triesAgainAt: null });
    expect(story(job)).to.deep.equal([
      ['a', ...again],
      ['a', ...again],
      ['a', 'success', null],
    ]);
  });

  it('names the number of attempts and the runners in its final message', async () => {
    await begin('0,0');
    await runner('a');
    await runner('b');
    refusals = Number.POSITIVE_INFINITY;
    const build = await volt.built(await plan());
    const job = only(build);
    expect(job).to.include({ status: 'error', reason: 'fetch_failed' });
    expect(job.message).to.match(/^tried 3 times, on (a, b|b, a); last: cannot fetch /);
    expect(job.attempts.map(({ status }) => status)).to.deep.equal(['error', 'error', 'error']);
    for (const { message } of job.attempts) expect(message).to.match(/^cannot fetch /);
    expect(build.message).to.include('tried 3 times');
  });

  it('goes to another runner if there is one, and waits while that runner is busy', async () => {
    await begin('0,0');
    await runner('sick', sickMachine());
    await runner('well');
    const builds = await Promise.all([1, 2, 3, 4, 5, 6].map(() => plan({ test: { command: 'sleep 0.3' } })));
    const jobs = await Promise.all(builds.map(async (build) => only(await volt.built(build))));
    const stories = jobs.map((job) => story(job).map(([runner, status]) => `${runner} ${status}`));
    for (const one of stories) expect(['well success', 'sick error, well success']).to.include(one.join(', '));
    expect(stories.some((one) => one.length > 1)).to.equal(true);
  });

  it('goes to any runner if the other runner has gone', async () => {
    // by then the other one has stopped, on a busy machine, too
    await begin('4');
    await runner('a');
    refusals = 1;
    await runner('b');
    const build = await plan();
    const { runner: former } =
      only(await volt.built(build, ({ jobs }) => jobs[0]?.triesAgainAt !== null)).attempts[0] ?? {};
    await stopRunner(former === 'a' ? 'b' : 'a');
    expect(story(only(await volt.built(build)))).to.deep.equal([
      [former, ...again],
      [former, 'success', null],
    ]);
  });

  describe('while it waits for its next attempt', () => {
    let build: BuildId;

    /** Resolves when the first attempt has ended and the next one is due after so many seconds. */
    async function waits(seconds: number): Promise<void> {
      await begin(String(seconds));
      await runner('a');
      refusals = 1;
      build = await plan();
      await volt.built(build, (now) => now.jobs.some(({ triesAgainAt }) => triesAgainAt !== null));
    }

    const now = async () => only(await volt.built(build, () => true));
    const passes = async () => {
      const [first, ...rest] = only(await volt.built(build)).attempts;
      expect([first?.status, ...rest.map(({ status }) => status)]).to.deep.equal(['error', 'success']);
      const pause = Date.parse(rest[0]?.startedAt ?? '') - Date.parse(first?.finishedAt ?? '');
      expect(pause).to.be.at.least(1000);
    };

    it('is queued with the time and the reason, and a retry by a person is refused', async () => {
      await waits(4);
      const job = await now();
      expect(job).to.include({ status: 'queued', reason: null, finishedAt: null });
      expect(job.message).to.match(/^tries again at \d\d:\d\d:\d\d UTC, on another runner if possible: cannot fetch /);
      expect((await volt.built(build, () => true)).status).to.equal('running');
      const intent = await openRetry(volt.context.database, 'app', build, { job: null, failedOnly: false });
      await volt.context.queues.sendAdvance({ v: 1, build });
      const closed = await until('the retry is refused', async () => {
        const found = await findIntent(volt.context.database, intent);
        return found?.open === false && found;
      });
      expect(closed.error).to.include({ code: 'conflict' });
      await passes();
    });

    it('is sent by a dispatcher that has restarted', async () => {
      await waits(2);
      await dispatcher.stop();
      dispatcher = await volt.dispatcher();
      await passes();
    });

    it('is sent when it is due, also after Redis was emptied', async () => {
      await waits(2);
      const { access } = volt.context;
      await access.client.flushall();
      await passes();
    });

    it('is cancelled at once by a person', async () => {
      await waits(3600);
      const intent = await openCancel(volt.context.database, 'app', build, null);
      await volt.context.queues.sendAdvance({ v: 1, build });
      expect(only(await volt.built(build))).to.include({ status: 'cancelled', reason: 'by_user' });
      await until(
        'the request is closed',
        async () => (await findIntent(volt.context.database, intent))?.open === false,
      );
      expect((await now()).attempts.map(({ status }) => status)).to.deep.equal(['error', 'cancelled']);
    });

    it('is cancelled by a newer build of its concurrency group', async () => {
      await waits(3600);
      const order = { repo: 'app', build, job: (await now()).id, reason: 'superseded', message: 'newer' } as const;
      await volt.context.database.write((db) => orderCancel(db, order));
      await volt.context.queues.sendAdvance({ v: 1, build });
      expect(only(await volt.built(build))).to.include({ status: 'cancelled', reason: 'superseded' });
    });
  });
});
