import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { addRepository, type RepositoryOptions } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import { Watches } from '../../src/observer/watches.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { observeQueue } from '../../src/queues/names.ts';
import { listActions } from '../../src/record/audit-search.ts';
import { cursorsOf } from '../../src/record/cursors.ts';
import { findIntent, openTrigger } from '../../src/record/intents.ts';
import { recordPlan } from '../../src/record/plans.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { changeRepository, findRepository, listRepositories } from '../../src/record/repositories.ts';
import { BreakingProxy } from '../support/breaking-proxy.ts';
import { failure } from '../support/failure.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { newBuild } from '../support/record.ts';
import { freePort } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('polling a repository', () => {
  let volt: TestVolt;
  const made: TestRepository[] = [];

  before(async () => {
    volt = await TestVolt.start({ logLevel: 'error' });
    volt.context.logger.silent = true;
  });

  afterEach(async () => {
    for (const repository of made.splice(0)) repository.remove();
    await volt.context.access.client.flushall();
    for (const table of ['jobs', 'builds', 'cursors', 'intents', 'repositories'] as const) {
      await volt.context.database.db.deleteFrom(table).execute();
    }
  });

  after(() => volt.stop());

  function repositoryOf(name = 'app'): TestRepository {
    const repository = new TestRepository({ 'a.txt': 'a\n' }, { name });
    made.push(repository);
    return repository;
  }

  const add = (url: string, options: Partial<RepositoryOptions> = {}) =>
    addRepository(volt.context, { url, branches: [], pollSeconds: 3600, commits: 'every', command: null, ...options });
  const poll = (name: string) => new Poller(volt.context).poll(name);
  const offered = async (): Promise<CommitMessage[]> =>
    (await volt.context.queues.queue('commits').getWaiting()).map(({ data }) => data as CommitMessage);
  const state = async (name = 'app') =>
    (await listRepositories(volt.context.database)).find((each) => each.name === name);

  /** Records a build of each commit that is offered, as the dispatcher would, and takes the messages away. */
  async function takeOffers(): Promise<CommitMessage[]> {
    const messages = await offered();
    for (const { repo, ref, sha, cursor } of messages) {
      await recordPlan(volt.context.database, newBuild({ repo, ref, sha, cursor: cursor ?? null }));
    }
    await volt.context.queues.queue('commits').drain();
    return messages;
  }

  describe('begins', () => {
    it('with a name made from the address, on the machine of a path', async () => {
      const repository = repositoryOf('My App');
      const added = await add(repository.path);
      expect(added).to.deep.include({
        name: 'my-app',
        url: realpathSync(repository.path),
        host: hostname(),
        branches: [],
        pollSeconds: 3600,
      });
      expect(await findRepository(volt.context.database, 'my-app')).to.deep.include(added);
      const schedules = await volt.context.queues.queue(observeQueue(hostname())).getJobSchedulers();
      expect(schedules.map(({ key }) => key)).to.deep.equal(['my-app']);
    });

    it('on any machine for a URL', async () => {
      const added = await add('https://example.com/acme/app.git', { branches: ['main', 'release/*'], command: 'make' });
      expect(added).to.deep.include({ name: 'app', host: null, branches: ['main', 'release/*'], command: 'make' });
      const schedules = await volt.context.queues.queue(observeQueue(null)).getJobSchedulers();
      expect(schedules.map(({ key }) => key)).to.deep.equal(['app']);
    });

    it('by recording the default branch, which decides what is trusted, before it sends a commit', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      const { sendCommits } = volt.context.queues;
      const known: unknown[] = [];
      volt.context.queues.sendCommits = async (...sent) => {
        known.push((await state())?.defaultBranch);
        return sendCommits.apply(volt.context.queues, sent);
      };
      try {
        await poll('app');
      } finally {
        volt.context.queues.sendCommits = sendCommits;
      }
      expect(known).to.deep.equal(['main']);
    });

    it('once for each repository, and adding it again changes its settings', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      const again = await add(repository.path, { command: 'make check' });
      expect(again.name).to.equal('app');
      expect((await listRepositories(volt.context.database)).map(({ name, command }) => [name, command])).to.deep.equal(
        [['app', 'make check']],
      );
    });

    it('with an entry in the audit log for the user of the machine, and none where nothing changes', async () => {
      const repository = repositoryOf();
      await volt.context.database.db.deleteFrom('audit').execute();
      for (const command of [null, null, 'make check', 'make check']) await add(repository.path, { command });
      const entries = await listActions(volt.context.database, { limit: 9, order: 'oldest' });
      expect(entries.map(({ action, target, repo }) => [action, target, repo])).to.deep.equal([
        ['repos.add', 'app', 'app'],
        ['repos.change', 'app', 'app'],
      ]);
      expect(entries[0]?.actor).to.match(new RegExp(`^\\S+ on ${hostname()}$`));
    });

    it('under another name where a different repository has the name, or under the given one', async () => {
      const names = [
        await add('https://a.example/app'),
        await add('https://b.example/app'),
        await add('https://c.example/app'),
        await add('https://d.example/app', { name: 'mine' }),
      ].map(({ name }) => name);
      expect(names).to.deep.equal(['app', 'app-2', 'app-3', 'mine']);
      await failure('name_taken', () => add('https://e.example/app', { name: 'app' }));
    });

    it('with valid settings only', async () => {
      const repository = repositoryOf();
      await failure('bad_url', () => add('ext::sh -c id'));
      await failure('no_repository', () => add('/nowhere'));
      await failure('bad_name', () => add(repository.path, { name: '../x' }));
      await failure('bad_ref', () => add(repository.path, { branches: ['a..b'] }));
      for (const pollSeconds of [0, 0.4, 86_401, Number.NaN])
        await failure('bad_setting', () => add(repository.path, { pollSeconds }));
      expect(await listRepositories(volt.context.database)).to.deep.equal([]);
    });
  });

  it('sends the head of the default branch first, then each new commit', async () => {
    const repository = repositoryOf();
    repository.git('branch', 'topic');
    await add(repository.path);
    await poll('app');
    expect((await takeOffers()).map(({ ref, sha }) => [ref, sha])).to.deep.equal([
      ['refs/heads/main', repository.head()],
    ]);
    await poll('app');
    expect(await offered()).to.deep.equal([]);
    const added = repository.burst(2);
    await poll('app');
    expect((await offered()).map(({ sha }) => sha)).to.deep.equal(added);
  });

  it('sends a commit at every poll until it is recorded, as one message', async () => {
    const repository = repositoryOf();
    await add(repository.path);
    await poll('app');
    await poll('app');
    expect(await offered()).to.have.length(1);
    await volt.context.access.client.flushall();
    await poll('app');
    expect((await offered()).map(({ sha }) => sha)).to.deep.equal([repository.head()]);
  });

  it('sends commits of the branches that the settings name', async () => {
    const repository = repositoryOf();
    for (const branch of ['release/1', 'release/2', 'topic', 'dev']) repository.git('branch', branch);
    await add(repository.path, { branches: ['release/*', 'dev'] });
    await poll('app');
    const refs = (await offered()).map(({ ref }) => ref);
    expect(refs).to.have.members(['refs/heads/release/1', 'refs/heads/release/2', 'refs/heads/dev']);
  });

  it('follows the default branch when it becomes another one', async () => {
    const repository = repositoryOf();
    await add(repository.path);
    await poll('app');
    await takeOffers();
    repository.git('checkout', '--quiet', '-b', 'trunk');
    repository.commit('on the trunk');
    await poll('app');
    expect((await offered()).map(({ ref }) => ref)).to.deep.equal(['refs/heads/trunk']);
  });

  it('sends nothing of an empty repository, without an error', async () => {
    const empty = new TestRepository();
    made.push(empty);
    const { name } = await add(empty.path);
    await poll(name);
    expect(await offered()).to.deep.equal([]);
    expect((await state(name))?.error).to.equal(null);
  });

  describe('follows a branch that is deleted and comes back', () => {
    const cursor = async () => (await cursorsOf(volt.context.database, 'app')).get('refs/heads/topic');

    async function observedTopic(): Promise<TestRepository> {
      const repository = repositoryOf();
      repository.git('branch', 'topic');
      await add(repository.path, { branches: ['topic'] });
      await poll('app');
      await takeOffers();
      return repository;
    }

    it('with its head alone when a poll has seen it deleted', async () => {
      const repository = await observedTopic();
      repository.git('branch', '-D', 'topic');
      await poll('app');
      expect(await cursor()).to.include({ absent: true });
      repository.burst(3);
      repository.git('branch', 'topic');
      await poll('app');
      expect((await takeOffers()).map(({ sha }) => sha)).to.deep.equal([repository.head()]);
      // from here on with every commit again
      const added = repository.burst(2);
      repository.git('branch', '--force', 'topic');
      await poll('app');
      expect((await takeOffers()).map(({ sha }) => sha)).to.deep.equal(added);
    });

    it('with nothing when it is back at the same commit', async () => {
      const repository = await observedTopic();
      const sha = repository.head();
      repository.git('branch', '-D', 'topic');
      await poll('app');
      repository.git('branch', 'topic', sha);
      await poll('app');
      expect(await offered()).to.deep.equal([]);
      expect(await cursor()).to.include({ absent: false });
    });

    it('with its head alone when the settings did not name it for a while', async () => {
      const repository = await observedTopic();
      await changeRepository(volt.context.database, 'app', { branches: ['main'] });
      await poll('app');
      await takeOffers();
      repository.burst(3);
      repository.git('branch', '--force', 'topic');
      await changeRepository(volt.context.database, 'app', { branches: ['topic'] });
      await poll('app');
      expect((await offered()).map(({ sha }) => sha)).to.deep.equal([repository.head()]);
    });
  });

  it('sends the head once more when the command changes', async () => {
    const repository = repositoryOf();
    await add(repository.path, { command: 'make' });
    await poll('app');
    await takeOffers();
    await add(repository.path, { command: 'make' });
    await poll('app');
    expect(await offered(), 'the same command').to.deep.equal([]);
    await add(repository.path, { command: 'make check' });
    await poll('app');
    expect((await takeOffers()).map(({ sha }) => sha)).to.deep.equal([repository.head()]);
    await poll('app');
    expect(await offered()).to.deep.equal([]);
  });

  describe('with tags', () => {
    it('builds new ones, the commit of an annotated one and one that moves, but no old ones', async () => {
      const repository = repositoryOf();
      repository.git('tag', 'v1');
      repository.git('tag', 'other');
      await add(repository.path, { tags: ['v*'] });
      await poll('app');
      expect((await takeOffers()).map(({ ref }) => ref)).to.deep.equal(['refs/heads/main']);
      repository.git('tag', '--annotate', '--message', 'x', 'v2');
      repository.git('tag', 'other2');
      await poll('app');
      expect((await takeOffers()).map(({ ref, sha }) => [ref, sha])).to.deep.equal([
        ['refs/tags/v2', repository.head()],
      ]);
      const second = repository.commit('second');
      repository.git('tag', '--force', 'v1');
      await poll('app');
      expect((await takeOffers()).map(({ ref, sha }) => [ref, sha])).to.have.deep.members([
        ['refs/heads/main', second],
        ['refs/tags/v1', second],
      ]);
    });

    it('passes over those that exist when the settings first name tags', async () => {
      const repository = repositoryOf();
      repository.git('tag', 'v1');
      await add(repository.path);
      await poll('app');
      await takeOffers();
      await changeRepository(volt.context.database, 'app', { tags: ['v*'] });
      await poll('app');
      expect(await offered()).to.deep.equal([]);
      repository.git('tag', 'v2');
      await poll('app');
      expect((await offered()).map(({ ref }) => ref)).to.deep.equal(['refs/tags/v2']);
    });

    it('distinguishes a tag from a branch of the same name', async () => {
      const repository = repositoryOf();
      await add(repository.path, { branches: ['**'], tags: ['**'] });
      await poll('app');
      await takeOffers();
      const first = repository.head();
      repository.git('tag', 'twin', first);
      repository.git('branch', 'twin', first);
      await poll('app');
      expect((await takeOffers()).map(({ ref }) => ref)).to.have.members(['refs/heads/twin', 'refs/tags/twin']);
      const second = repository.commit('second');
      repository.git('branch', '--force', 'twin', second);
      await poll('app');
      expect((await takeOffers()).map(({ ref, sha }) => [ref, sha])).to.have.deep.members([
        ['refs/heads/main', second],
        ['refs/heads/twin', second],
      ]);
    });

    it('names the tag that points to no commit, and builds the others', async () => {
      const repository = repositoryOf();
      await add(repository.path, { tags: ['**'] });
      await poll('app');
      await takeOffers();
      repository.git('tag', 'file', repository.git('rev-parse', 'HEAD:a.txt'));
      repository.git('tag', 'good');
      await poll('app');
      expect((await offered()).map(({ ref }) => ref)).to.deep.equal(['refs/tags/good']);
      expect(await state()).to.deep.include({ error: null, notice: '"file" points to no commit' });
    });
  });

  describe('goes on with the other refs', () => {
    const paths = 'on: { push: { paths: ["src/**"] } }\njobs: {}\n';

    it('where a branch has many files with odd names', async () => {
      const repository = repositoryOf();
      repository.commit('workflow', { '.github/workflows/a.yml': paths });
      repository.git('branch', 'feature');
      await add(repository.path, { branches: ['**'] });
      await poll('app');
      await takeOffers();
      const files = Array.from({ length: 2990 }, (_, index) => {
        const name = '\\001'.repeat(60) + String(index).padStart(5, '0');
        return `M 100644 inline "${name}"\ndata 0\n`;
      });
      const commit = `commit refs/heads/feature\ncommitter Eve <e@x> 1790000000 +0000\ndata 1\nx\nfrom ${repository.head()}\n`;
      execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.path, input: commit + files.join('\n') });
      const innocent = repository.commit('an innocent commit');
      await poll('app');
      const sent = await takeOffers();
      expect(sent.map(({ ref }) => ref)).to.have.members(['refs/heads/main', 'refs/heads/feature']);
      expect(sent.find(({ sha }) => sha === innocent)?.workflows?.changed).to.deep.equal([]);
      expect(sent.find(({ sha }) => sha !== innocent)?.workflows?.changed).to.equal(null);
      expect(await state()).to.deep.include({ error: null, notice: null });
    });

    it('where one cannot be read, and reports and skips that one for a while', async () => {
      const repository = repositoryOf();
      repository.git('checkout', '--quiet', '-b', 'bad');
      const bad = repository.commit('bad', { bad: 'x' });
      repository.git('checkout', '--quiet', 'main');
      await add(repository.path, { branches: ['**'] });
      const poller = new Poller(volt.context);
      await poller.poll('app');
      await volt.context.queues.queue('commits').drain();
      const tree = repository.git('rev-parse', `${bad}^{tree}`);
      const mirror = new Mirror(dataPaths(volt.context.config.dataDir).mirrors, realpathSync(repository.path)).path;
      rmSync(join(mirror, 'objects', tree.slice(0, 2), tree.slice(2)), { force: true });
      const id = await openTrigger(volt.context.database, 'app', null);
      await poller.poll('app');
      expect((await takeOffers()).map(({ ref, trigger }) => [ref, trigger])).to.have.deep.members([
        ['refs/heads/main', 'commit'],
        ['refs/heads/main', 'manual'],
      ]);
      expect((await findIntent(volt.context.database, id))?.error ?? null).to.equal(null);
      expect((await state())?.error).to.equal(null);
      expect((await state())?.notice).to.match(/^cannot read "bad": git ls-tree: /);
      // left alone, and still told
      await poller.poll('app');
      expect((await state())?.notice).to.match(/^cannot read "bad": git ls-tree: /);
      repository.git('branch', '--force', 'bad', repository.commit('good'));
      await poller.poll('app');
      expect((await takeOffers()).map(({ ref }) => ref)).to.include('refs/heads/bad');
      expect((await state())?.notice).to.equal(null);
    });

    it('some at a time, the default branch first, where very many have new commits', async () => {
      const repository = repositoryOf();
      await add(repository.path, { branches: ['**'], command: 'true' });
      for (const branch of ['a', 'b', 'c', 'd']) repository.git('branch', branch);
      const poller = new Poller(volt.context, undefined, { refs: 3 });
      await poller.poll('app');
      const sent = await takeOffers();
      expect(sent.map(({ ref, more }) => [ref, more])).to.have.deep.members([
        ['refs/heads/main', true],
        ['refs/heads/a', true],
        ['refs/heads/b', true],
      ]);
      await poller.poll('app');
      expect((await takeOffers()).map(({ ref, more }) => [ref, more])).to.have.deep.members([
        ['refs/heads/c', false],
        ['refs/heads/d', false],
      ]);
    });
  });

  it('reads bare repositories and linked work trees, each with its own default branch', async () => {
    const repository = repositoryOf();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'volt-linked-')));
    repository.git('clone', '--quiet', '--bare', '.', join(folder, 'bare.git'));
    repository.git('worktree', 'add', '--quiet', '-b', 'topic', join(folder, 'linked'));
    await add(join(folder, 'bare.git'));
    await add(join(folder, 'linked'));
    for (const name of ['bare', 'linked']) await poll(name);
    expect((await offered()).map(({ repo, ref }) => [repo, ref])).to.have.deep.members([
      ['bare', 'refs/heads/main'],
      ['linked', 'refs/heads/topic'],
    ]);
    rmSync(folder, { recursive: true });
  });

  it('says how to allow a repository of another user', async function () {
    // only root can give a folder away
    if (process.getuid?.() !== 0) return this.skip();
    const repository = repositoryOf();
    await add(repository.path);
    execFileSync('chown', ['-R', '12345', repository.path]);
    await poll('app');
    const error = (await state())?.error;
    expect(error).to.include({ code: 'fetch_failed' });
    expect(error?.message).to.include('dubious ownership');
    expect(error?.remedy).to.include('safe.directory');
  });

  describe('reports', () => {
    it('that a glob matches nothing', async () => {
      const repository = repositoryOf();
      await add(repository.path, { branches: ['main', 'release/*'], tags: ['v*'] });
      await poll('app');
      expect((await state())?.notice).to.equal('no branch matches "release/*"; no tag matches "v*"');
      repository.git('branch', 'release/1');
      repository.git('tag', 'v1');
      await poll('app');
      await new Poller(volt.context).poll('app');
      expect((await state())?.notice).to.equal(null);
    });

    it('that there is no default branch, and why', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      repository.git('checkout', '--quiet', '--detach');
      await poll('app');
      expect((await state())?.notice).to.match(/^HEAD is detached, so there is no default branch/);
      repository.git('symbolic-ref', 'HEAD', 'refs/heads/unborn');
      await poll('app');
      expect((await state())?.notice).to.match(/^HEAD points to a branch that does not exist/);
    });

    it('that a repository has no commit yet, and builds the first', async () => {
      const empty = new TestRepository({}, { name: 'app' });
      made.push(empty);
      await add(empty.path);
      await poll('app');
      expect(await state()).to.deep.include({ notice: 'the repository has no commit on any branch yet', error: null });
      const sha = empty.commit('first');
      await poll('app');
      expect((await offered()).map((offer) => offer.sha)).to.deep.equal([sha]);
    });
  });

  it('records when it has polled and which branch is the default', async () => {
    const repository = repositoryOf();
    await add(repository.path);
    await poll('app');
    expect(await state()).to.deep.include({ defaultBranch: 'main', error: null });
    expect((await state())?.observedAt).to.not.equal(null);
  });

  it('records polls without changes in one write, but not of a repository that has failed since', async () => {
    for (const name of ['one', 'two']) await add(repositoryOf(name).path, { name });
    const poller = new Poller(volt.context);
    const pollBoth = () => Promise.all(['one', 'two'].map((name) => poller.poll(name)));
    const times = async () => (await listRepositories(volt.context.database)).map(({ observedAt }) => observedAt ?? '');
    await pollBoth();
    const first = await times();
    await pollBoth();
    expect(await times()).to.deep.equal(first);
    await poller.recordQuiet();
    const second = await times();
    expect(second.every((time, index) => time > (first[index] as string))).to.equal(true);
    await pollBoth();
    const rename = { url: `http://127.0.0.1:${await freePort()}/two` };
    await volt.context.database.db.updateTable('repositories').set(rename).where('name', '=', 'two').execute();
    await poller.poll('two');
    await poller.recordQuiet();
    const third = await times();
    expect(third.map((time, index) => time > (second[index] as string))).to.deep.equal([true, false]);
  });

  it('records why a poll fails, without a secret, and that it works again', async () => {
    const repository = repositoryOf();
    const { url } = await add(repository.path);
    const rename = (to: string) => volt.context.database.db.updateTable('repositories').set({ url: to }).execute();
    await rename(`http://secret@127.0.0.1:${await freePort()}/app`);
    await poll('app');
    const error = (await state())?.error;
    expect(error).to.include({ code: 'fetch_failed' });
    expect(JSON.stringify(error)).to.include('127.0.0.1').and.not.include('secret');
    await rename(url);
    const poller = new Poller(volt.context);
    await poller.poll('app');
    expect((await state())?.error).to.equal(null);
  });

  it('ends the polls of a repository that was removed', async () => {
    const repository = repositoryOf();
    await add(repository.path);
    await removeRepository(volt.context.database, 'app', false);
    await poll('app');
    expect(await offered()).to.deep.equal([]);
    expect(await volt.context.queues.queue(observeQueue(hostname())).getJobSchedulers()).to.deep.equal([]);
  });

  it('skips a repository for a while after it has failed, unless somebody asks', async () => {
    const repository = repositoryOf();
    const { url } = await add(repository.path);
    const rename = (to: string) => volt.context.database.db.updateTable('repositories').set({ url: to }).execute();
    await rename('/nowhere');
    const poller = new Poller(volt.context);
    await poller.poll('app', 'schedule');
    expect(Date.parse((await state())?.retryAt ?? '')).to.be.greaterThan(Date.now());
    await rename(url);
    await poller.poll('app', 'schedule');
    expect((await state())?.error, 'it is not polled yet').to.include({ code: 'fetch_failed' });
    await poller.poll('app', 'hook');
    expect(await state()).to.deep.include({ error: null, retryAt: null });
  });

  it('starts git for a watched repository only when its folders have changed', async () => {
    const repository = repositoryOf();
    await add(repository.path);
    const watches = new Watches(volt.context);
    await watches.refresh();
    const poller = new Poller(volt.context, watches);
    const scheduled = () => poller.poll('app', 'schedule');
    await poller.poll('app');
    await takeOffers();
    const [first, second] = [repository.head(), repository.commit('second')];
    await scheduled();
    await volt.context.queues.queue('commits').drain();
    await scheduled();
    expect(
      (await takeOffers()).map(({ sha }) => sha),
      'what is not recorded',
    ).to.deep.equal([second]);
    // git never writes into a ref, so that this can be seen in the file alone
    writeFileSync(join(repository.path, '.git/refs/heads/main'), `${first}\n`);
    await scheduled();
    expect(await offered()).to.deep.equal([]);
    await poller.poll('app', 'watch');
    expect((await offered()).map(({ sha }) => sha)).to.deep.equal([first]);
    await watches.close();
  });

  it('is not held up by remotes that hang', async () => {
    const sockets: Socket[] = [];
    const remote = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined).resume());
    });
    await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
    const { port } = remote.address() as AddressInfo;
    const names = Array.from({ length: 20 }, (_, index) => `hangs${index}`);
    for (const name of names) await add(`git://127.0.0.1:${port}/${name}`, { name });
    const repository = repositoryOf();
    await add(repository.path);
    const poller = new Poller(volt.context);
    const hanging = names.map((name) => poller.poll(name, 'schedule'));
    await until('one host is asked by some at a time', () => sockets.length === 8);
    await poller.poll('app', 'schedule');
    expect((await offered()).map(({ repo }) => repo)).to.deep.equal(['app']);
    expect(sockets).to.have.length(8);
    remote.on('connection', (socket) => socket.destroy());
    for (const socket of sockets) socket.destroy();
    await Promise.all(hanging);
    await new Promise((resolve) => remote.close(resolve));
  });

  it('runs one poll of a repository at a time, and one more for all requests in the meantime', async () => {
    const connections: Socket[] = [];
    const remote = createServer((socket) => {
      connections.push(socket.on('error', () => undefined).resume());
    });
    await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
    await add(`git://127.0.0.1:${(remote.address() as AddressInfo).port}/app`);
    const poller = new Poller(volt.context);
    const polling = poller.poll('app');
    await until('the first poll', () => connections.length === 1);
    for (let count = 0; count < 3; count++) await poller.poll('app');
    expect(connections).to.have.length(1);
    connections[0]?.destroy();
    await until('the poll that was asked for in the meantime', () => connections.length === 2);
    connections[1]?.destroy();
    await polling;
    expect(connections).to.have.length(2);
    await new Promise((resolve) => remote.close(resolve));
  });

  describe("answers a person's request", () => {
    it('for a branch, a tag, a commit or the default branch with a message of its own', async () => {
      const repository = repositoryOf();
      const first = repository.head();
      repository.git('tag', 'v1');
      const second = repository.commit('second');
      await add(repository.path);
      await poll('app');
      await takeOffers();
      const wanted = [null, 'main', 'v1', first, first.slice(0, 8)];
      const intents: number[] = [];
      for (const ref of wanted) intents.push(await openTrigger(volt.context.database, 'app', ref));
      await poll('app');
      const answers = await offered();
      expect(answers.map(({ intent, ref, sha, trigger, cursor }) => [intent, ref, sha, trigger, cursor])).to.deep.equal(
        [
          [intents[0], 'refs/heads/main', second, 'manual', undefined],
          [intents[1], 'refs/heads/main', second, 'manual', undefined],
          [intents[2], 'refs/tags/v1', first, 'manual', undefined],
          [intents[3], first, first, 'manual', undefined],
          [intents[4], first.slice(0, 8), first, 'manual', undefined],
        ],
      );
    });

    it('at every poll until it is recorded, as one message', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      await poll('app');
      await takeOffers();
      await openTrigger(volt.context.database, 'app', null);
      await poll('app');
      await poll('app');
      expect(await offered()).to.have.length(1);
    });

    it('with an error where the ref does not exist', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      const intents = [];
      for (const ref of ['gone', '--all', 'a..b']) intents.push(await openTrigger(volt.context.database, 'app', ref));
      await poll('app');
      const errors = await Promise.all(
        intents.map(async (id) => (await findIntent(volt.context.database, id))?.error?.code),
      );
      expect(errors).to.deep.equal(['commit_missing', 'bad_ref', 'bad_ref']);
    });

    it('also where a connection breaks once', async () => {
      const repository = repositoryOf();
      const server = await GitOverHttp.start(join(repository.path, '..'), 'ada', 'secret');
      server.isOpen = () => true;
      const line = await BreakingProxy.start(Number(new URL(server.url('')).port));
      try {
        await add(line.url(server.url('app/.git')), { name: 'app' });
        const intent = await openTrigger(volt.context.database, 'app', null);
        line.cuts.push(350);
        await poll('app');
        expect(line.cuts).to.deep.equal([]);
        expect((await offered()).some((message) => message.intent === intent)).to.equal(true);
      } finally {
        await line.stop();
        await server.stop();
      }
    });

    it('with the error of a repository that cannot be read', async () => {
      const repository = repositoryOf();
      await add(repository.path);
      await volt.context.database.db.updateTable('repositories').set({ url: '/nowhere' }).execute();
      const intent = await openTrigger(volt.context.database, 'app', null);
      await poll('app');
      expect((await findIntent(volt.context.database, intent))?.error).to.include({ code: 'fetch_failed' });
    });
  });
});
