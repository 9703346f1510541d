import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addRepository, type RepositoryOptions } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import type { CommitMessage, ObserveMessage } from '../../src/queues/messages.ts';
import { messageIds } from '../../src/queues/names.ts';
import { closeIntent, findIntent, openTrigger } from '../../src/record/intents.ts';
import { recordPlan } from '../../src/record/plans.ts';
import { notePullRequestFacts, pullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { changeRepository, findRepository, type RepositorySettings } from '../../src/record/repositories.ts';
import { BreakingProxy } from '../support/breaking-proxy.ts';
import { checkedForge, FakeForge } from '../support/fake-forge.ts';
import { fakePull } from '../support/fake-pull-requests.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { newBuild } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

const workflow = 'on: { pull_request: { paths: [b.txt] } }\njobs: { t: { runs-on: x, steps: [{ run: "true" }] } }\n';

describe('polling pull requests', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let poller: Poller;

  before(async () => {
    volt = await TestVolt.start({ logLevel: 'error' });
    volt.context.logger.silent = true;
  });

  beforeEach(() => {
    poller = new Poller(volt.context);
    repository = new TestRepository({ 'a.txt': 'a\n', 'shared.txt': '1\n' }, { name: 'app' });
  });

  afterEach(async () => {
    await poller.close();
    repository.remove();
    await volt.context.access.client.flushall();
    for (const table of ['jobs', 'builds', 'cursors', 'intents', 'repositories'] as const)
      await volt.context.database.db.deleteFrom(table).execute();
  });

  after(() => volt.stop());

  const add = (options: Partial<RepositoryOptions> = {}) =>
    addRepository(volt.context, { url: repository.path, pollSeconds: 3600, pullRequests: 'all', ...options });
  const change = (settings: Partial<RepositorySettings>) => changeRepository(volt.context.database, 'app', settings);
  const poll = (cause?: ObserveMessage['cause']) => poller.poll('app', cause);
  const waiting = async () => {
    const messages = await volt.context.queues.queue('commits').getWaiting();
    return messages.map(({ data }) => data as CommitMessage);
  };

  /** The messages of pull requests since the last call, as recorded by a dispatcher. */
  async function taken(): Promise<CommitMessage[]> {
    const messages = await waiting();
    for (const message of messages) {
      const { repo, ref, sha, cursor, pullRequest } = message;
      const offer = messageIds.commit(message);
      const build = newBuild({ repo, ref, sha, offer, cursor: cursor ?? null });
      await recordPlan(volt.context.database, { ...build, ...(pullRequest && { pullRequest }) });
    }
    await volt.context.queues.queue('commits').drain();
    return messages.filter(({ pullRequest }) => pullRequest);
  }

  const closeIntents = () =>
    volt.context.database.db.updateTable('intents').set({ closed_at: 1 }).where('closed_at', 'is', null).execute();

  async function numbers(): Promise<(number | undefined)[]> {
    return (await taken()).map(({ pullRequest }) => pullRequest?.number);
  }

  /** Makes a commit on no branch, on top of `from`. @returns its id */
  function commit(files: Record<string, string>, from = 'main'): string {
    repository.git('checkout', '--quiet', '--detach', from);
    const sha = repository.commit('a change', files);
    repository.git('checkout', '--quiet', 'main');
    return sha;
  }

  const point = (number: number, sha: string, ref = `refs/pull/${number}/head`) =>
    repository.git('update-ref', ref, sha);

  /** Adds the repository, and has it polled for the first time. */
  async function begin(options: Partial<RepositoryOptions> = {}): Promise<void> {
    await add(options);
    await poll();
    await taken();
  }

  it('builds none of those that were there before, and those that come or move later', async () => {
    point(1, commit({ 'old.txt': '' }));
    point(2, commit({ 'other.txt': '' }));
    await add();
    await poll();
    expect(await numbers()).to.deep.equal([]);
    await poll();
    expect(await numbers()).to.deep.equal([]);
    const moved = commit({ 'new.txt': '' });
    point(2, moved);
    point(3, commit({ 'newest.txt': '' }));
    await poll();
    // until they are recorded, each poll sends the same
    await poll();
    const messages = await taken();
    expect(messages.map(({ ref, pullRequest }) => [ref, pullRequest?.before === null])).to.deep.equal([
      ['refs/pull/2/head', false],
      ['refs/pull/3/head', true],
    ]);
    expect(messages[0]?.sha).to.equal(moved);
    await poll();
    expect(await numbers()).to.deep.equal([]);
  });

  it('sends the files of the merge with the default branch, and what the pull request alone has changed', async () => {
    repository.commit('with a workflow', { '.github/workflows/ci.yml': workflow });
    await begin();
    const head = commit({ 'b.txt': 'b\n' });
    const base = repository.commit('main moves on', { 'c.txt': 'c\n' });
    point(4, head);
    await poll();
    const [message] = await taken();
    expect(message).to.include({ sha: head, ref: 'refs/pull/4/head' });
    const { merge, ...rest } = message?.pullRequest ?? {};
    expect(rest).to.deep.equal({
      ...{ number: 4, before: null, headRef: null, baseRef: 'main', base, conflicts: null, same: false },
    });
    expect(merge)
      .to.match(/^[0-9a-f]{40}$/)
      .and.not.be.oneOf([head, base]);
    expect(message?.workflows?.files.map(({ text }) => text)).to.deep.equal([workflow]);
    expect(message?.workflows?.changed).to.deep.equal(['b.txt']);
  });

  it('sends the head alone where the repository says so', async () => {
    await begin({ pullRequestCheckout: 'head' });
    point(4, commit({ 'shared.txt': '2\n' }));
    repository.commit('in the way', { 'shared.txt': '3\n' });
    await poll();
    const [message] = await taken();
    expect(message?.pullRequest).to.include({ merge: null, conflicts: null });
    expect(message?.tree).to.be.a('string');
  });

  it('names the files that conflict', async () => {
    await begin();
    point(4, commit({ 'shared.txt': '2\n', 'b.txt': '' }));
    repository.commit('in the way', { 'shared.txt': '3\n' });
    await poll();
    const [message] = await taken();
    expect(message?.pullRequest).to.deep.include({ merge: null, conflicts: ['shared.txt'] });
  });

  it('takes another branch that is built as the base where it is nearer', async () => {
    repository.git('branch', 'release/1');
    await begin({ branches: ['main', 'release/*'] });
    repository.git('checkout', '--quiet', 'release/1');
    const base = repository.commit('only in the release', { 'r.txt': '' });
    point(5, commit({ 'fix.txt': '' }, 'release/1'));
    point(6, commit({ 'b.txt': '' }));
    await poll();
    const bases = (await taken()).map(({ pullRequest }) => [pullRequest?.number, pullRequest?.baseRef]);
    expect(bases).to.deep.equal([
      [5, 'release/1'],
      [6, 'main'],
    ]);
    expect(repository.git('rev-parse', 'release/1')).to.equal(base);
  });

  describe('with a token for its forge', () => {
    let fake: FakeForge;
    beforeEach(async () => {
      fake = await FakeForge.start('github');
      await checkedForge(volt.context.database, volt.context.config, fake);
      poller = new Poller(volt.context);
    });
    afterEach(async () => {
      await volt.context.database.db.deleteFrom('forges').execute();
      await fake.stop();
    });

    it('takes the base that the forge tells, also one that is not built itself, and stores what workflows see', async () => {
      repository.git('branch', 'release/1');
      await begin({ branches: ['main'] });
      repository.git('checkout', '--quiet', 'release/1');
      const base = repository.commit('only in the release', { 'r.txt': '' });
      const head = commit({ 'fix.txt': '' }, 'main');
      point(5, head);
      point(6, commit({ 'b.txt': '' }));
      fake.pulls = [fakePull({ number: 5, head, baseRef: 'release/1' }), fakePull({ number: 6, baseRef: 'gone' })];
      await poll();
      const bases = (await taken()).map(({ pullRequest }) => [pullRequest?.number, pullRequest?.baseRef]);
      expect(bases).to.deep.equal([
        [5, 'release/1'],
        [6, 'main'],
      ]);
      expect(repository.git('rev-parse', 'release/1')).to.equal(base);
      expect(await pullRequestFacts(volt.context.database, 'app', 5)).to.include({ title: 'Change 5', draft: false });
    });

    it('builds none that is closed, and those that are opened again and move', async () => {
      await begin();
      const head = commit({ 'b.txt': '' });
      point(5, head);
      point(6, commit({ 'c.txt': '' }));
      fake.pulls = [fakePull({ number: 5, head, state: 'merged' }), fakePull({ number: 6, state: 'closed' })];
      await poll();
      // what the forge says of 6 is about another head
      expect(await numbers()).to.deep.equal([6]);
      await poll();
      expect(await numbers()).to.deep.equal([]);
      point(5, commit({ 'd.txt': '' }));
      await poll();
      expect(await numbers()).to.deep.equal([5]);
    });

    it('trusts nobody on its word', async () => {
      await begin({ pullRequests: 'same' });
      const head = commit({ 'b.txt': '' });
      point(5, head);
      fake.pulls = [fakePull({ number: 5, head, headProject: 'acme/app', headRef: 'main' })];
      await poll();
      expect(await numbers()).to.deep.equal([]);
      expect(fake.requests).to.deep.equal([]);
    });

    it('builds without it where it does not answer', async () => {
      await begin();
      fake.fault = () => 'hang';
      point(5, commit({ 'b.txt': '' }));
      await poll();
      expect(await numbers()).to.deep.equal([5]);
    });
  });

  it('builds only heads that a branch of the repository is at, where it is to build those', async () => {
    await begin({ pullRequests: 'same' });
    const own = commit({ 'own.txt': '' });
    repository.git('branch', 'topic', own);
    point(1, own);
    point(2, commit({ 'fork.txt': '' }));
    await poll();
    const [message, ...more] = await taken();
    expect(message?.pullRequest).to.include({ number: 1, headRef: 'topic', same: true });
    expect(more).to.deep.equal([]);
    // what was passed over stays so
    await change({ pullRequests: 'all' });
    await poll();
    expect(await numbers()).to.deep.equal([]);
  });

  it('leaves out the tests of a commit that asks for it only where a branch of the repository is at it', async () => {
    await begin();
    repository.git('checkout', '--quiet', '--detach', 'main');
    const own = repository.commit('[skip ci] mine', { 'own.txt': '' });
    const foreign = repository.commit('[skip ci] theirs', { 'foreign.txt': '' });
    repository.git('checkout', '--quiet', 'main');
    repository.git('branch', 'topic', own);
    point(1, own);
    point(2, foreign);
    await poll();
    expect((await taken()).map(({ sha, skip }) => [sha, skip])).to.deep.equal([
      [own, '[skip ci]'],
      [foreign, undefined],
    ]);
  });

  it('sends of a head that a person must approve only what they are to look at', async () => {
    await begin({ pullRequests: 'approved' });
    const own = commit({ 'own.txt': '' });
    repository.git('branch', 'topic', own);
    point(1, own);
    const changes = { '.github/workflows/ci.yml': workflow, '.volt.yml': 'command: echo \u202eolleh\r\n', 'b.txt': '' };
    point(2, commit(changes));
    await poll();
    const [first, second] = await taken();
    expect(first).to.not.have.property('approval');
    expect(second).to.not.have.any.keys('workflows', 'settings', 'tree');
    expect(second?.approval?.digest).to.match(/^[0-9a-f]{64}$/);
    expect(second?.approval?.files.map(({ path, status }) => [path, status])).to.deep.equal([
      ['.github/workflows/ci.yml', 'added'],
      ['.volt.yml', 'added'],
    ]);
    // characters that deceive the reader are visible
    expect(second?.approval?.files[1]?.diff).to.include('+command: echo \ufffdolleh\ufffd\n');
  });

  it('lets pull requests that wait for approval hold up no others', async function () {
    this.timeout(180_000);
    await begin({ pullRequests: 'approved', pullRequestCheckout: 'head' });
    poller = new Poller(volt.context, undefined, { longest: 170_000 });
    const head = commit({ 'b.txt': '' });
    const all = Array.from({ length: 101 }, (_, index) => `create refs/pull/${index + 1}/head ${head}\n`);
    repository.updateRefs(all.join(''));
    await poll();
    expect(await numbers()).to.have.length(100);
    await volt.context.database.db.updateTable('builds').set({ status: 'waiting' }).execute();
    const own = commit({ 'own.txt': '' });
    repository.git('branch', 'topic', own);
    point(200, own);
    await poll();
    expect(await numbers()).to.deep.equal([200]);
  });

  it('builds nothing while it is to build none, and then nothing that came in that time', async () => {
    await begin({ pullRequests: 'none' });
    point(1, commit({ 'b.txt': '' }));
    await poll();
    expect(await numbers()).to.deep.equal([]);
    await change({ pullRequests: 'all' });
    await poll();
    expect(await numbers()).to.deep.equal([]);
    point(1, commit({ 'c.txt': '' }));
    await poll();
    expect(await numbers()).to.deep.equal([1]);
    await removeRepository(volt.context.database, 'app', false);
    point(1, commit({ 'd.txt': '' }));
    await add();
    await poll();
    expect(await numbers()).to.deep.equal([]);
  });

  it('sends a head again with what has happened to the pull request, as far as it is to be built', async () => {
    repository.commit('with a workflow', { '.github/workflows/ci.yml': workflow });
    await begin();
    const head = commit({ 'b.txt': '' });
    point(1, head);
    await poll();
    await taken();
    const event = { name: 'pull_request', number: 1, action: 'labeled', label: 'x' };
    const ask = () => openTrigger(volt.context.database, 'app', 'refs/pull/1/head', event);
    const intent = await ask();
    await poll();
    const [message] = await taken();
    expect(message).to.deep.include({ intent, event, sha: head, trigger: 'commit' }).and.not.have.property('cursor');
    expect(message?.pullRequest?.merge).to.match(/^[0-9a-f]{40}$/);
    expect(message?.workflows?.files.map(({ path }) => path)).to.deep.equal(['.github/workflows/ci.yml']);
    await closeIntents();
    await change({ pullRequests: 'same' });
    const refused = await ask();
    await poll();
    expect(await taken()).to.deep.equal([]);
    const { open, error } = (await findIntent(volt.context.database, refused)) ?? {};
    expect([open, error?.message]).to.deep.equal([
      false,
      'nothing runs for pull request 1, labeled: its head is no branch of the repository',
    ]);
  });

  it('runs nothing for what has happened to an earlier head, also of the default branch', async () => {
    await begin();
    const [read, newer] = [commit({ 'b.txt': '' }), commit({ 'c.txt': '' })];
    point(1, read);
    await poll();
    await taken();
    const { database } = volt.context;
    const label = { number: 1, action: 'labeled', label: 'safe-to-test' };
    const ask = (head: string) =>
      Promise.all([
        openTrigger(database, 'app', 'refs/pull/1/head', { name: 'pull_request', ...label, head }),
        openTrigger(database, 'app', null, { name: 'pull_request_target', ...label, before: null, head }),
      ]);
    const early = await ask(read);
    point(1, newer);
    await poll();
    expect((await waiting()).map(({ sha, event }) => [sha, event])).to.deep.equal([[newer, undefined]]);
    for (const intent of early)
      expect((await findIntent(database, intent))?.error?.message).to.equal(
        'nothing runs for pull request 1, labeled: it has a newer head since then',
      );
    await volt.context.queues.queue('commits').drain();
    const [own, target] = await ask(newer);
    await poll();
    const answers = (await waiting()).filter(({ intent }) => intent !== undefined);
    expect(answers.map(({ intent, sha, target: of }) => [intent, of?.head ?? sha])).to.deep.equal([
      [own, newer],
      [target, newer],
    ]);
  });

  it('builds a head once that is recorded during a later poll', async () => {
    const server = await GitOverHttp.start(`${repository.path}/..`, 'ada', 'secret');
    server.isOpen = () => true;
    try {
      await begin({ url: server.url('app/.git'), name: 'app' });
      point(4, commit({ 'b.txt': '' }));
      await poll();
      expect(await numbers()).to.deep.equal([4]);
      point(4, commit({ 'c.txt': '' }));
      await poll();
      let recorded: Promise<(number | undefined)[]> | undefined;
      // in the middle of the second poll
      server.asked = async () => {
        recorded ??= numbers();
        await recorded;
      };
      await poll();
      expect(await recorded).to.deep.equal([4]);
      expect(await numbers()).to.deep.equal([]);
    } finally {
      await server.stop();
    }
  });

  it('builds a head again to which a pull request has moved back', async () => {
    await begin();
    const [one, two] = [commit({ 'b.txt': '' }), commit({ 'c.txt': '' })];
    const shas: (string | undefined)[] = [];
    for (const sha of [one, two, one]) {
      point(1, sha);
      await poll();
      shas.push(...(await taken()).map(({ sha }) => sha));
    }
    expect(shas).to.deep.equal([one, two, one]);
  });

  it('holds pull requests beyond twenty back until builds have ended, but no newer heads', async () => {
    await begin({ pullRequestCheckout: 'head', command: 'true' });
    const head = commit({ 'b.txt': '' });
    const all = Array.from({ length: 22 }, (_, index) => `create refs/pull/${index + 1}/head ${head}\n`);
    repository.updateRefs(all.join(''));
    await poll();
    await poll();
    expect(await numbers()).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
    point(3, commit({ 'b.txt': 'again' }));
    await poll();
    expect(await numbers()).to.deep.equal([3]);
    await volt.context.database.db
      .updateTable('builds')
      .set({ status: 'success', finished_at: 1 })
      .where('pull_request', 'in', [7])
      .execute();
    await poll();
    expect(await numbers()).to.deep.equal([21]);
  });

  it('leaves further ones to the next poll where they take long, so that branches are polled in between', async () => {
    await begin();
    poller = new Poller(volt.context, undefined, { longest: 0 });
    for (const number of [1, 2]) point(number, commit({ [`${number}.txt`]: '' }));
    await poll();
    expect(await numbers()).to.deep.equal([1]);
    await poll();
    expect(await numbers()).to.deep.equal([2]);
  });

  it('answers what happens to them behind what persons ask for, and the rest at the next poll', async () => {
    await begin();
    for (const number of [1, 2]) point(number, commit({ [`${number}.txt`]: '' }));
    await poll();
    await taken();
    const { database } = volt.context;
    const ask = (number: number) =>
      openTrigger(database, 'app', null, { name: 'pull_request', number, action: 'edited', label: null });
    const [first, second] = [await ask(1), await ask(2)];
    const person = await openTrigger(database, 'app', null);
    poller = new Poller(volt.context, undefined, { longest: 0 });
    await poll();
    expect((await waiting()).map(({ intent }) => intent)).to.deep.equal([person, first]);
    await taken();
    for (const done of [person, first]) await database.write((db) => closeIntent(db, done));
    await poll();
    expect((await taken()).map(({ intent }) => intent)).to.deep.equal([second]);
  });

  it('finds changes of Gerrit by their newest patch set, and pull requests by a pattern', async () => {
    await begin();
    point(12, commit({ 'b.txt': '1' }), 'refs/changes/12/12/1');
    point(12, commit({ 'b.txt': '2' }), 'refs/changes/12/12/2');
    await poll();
    expect((await taken()).map(({ ref }) => ref)).to.deep.equal(['refs/changes/12/12/2']);
    await change({ pullRequestRefs: 'refs/mr/*/head' });
    point(3, commit({ 'c.txt': '' }), 'refs/mr/3/head');
    await poll();
    expect(await numbers()).to.deep.equal([]);
    point(3, commit({ 'd.txt': '' }), 'refs/mr/3/head');
    await poll();
    expect((await taken()).map(({ ref }) => ref)).to.deep.equal(['refs/mr/3/head']);
  });

  it('tells about a head that it cannot read, and builds the others', async () => {
    await begin();
    point(1, repository.git('rev-parse', 'main:a.txt'));
    point(2, commit({ 'b.txt': '' }));
    await poll();
    expect(await numbers()).to.deep.equal([2]);
    const found = await findRepository(volt.context.database, 'app');
    expect(found?.error).to.equal(null);
    expect(found?.notice).to.match(/^cannot build "refs\/pull\/1\/head": commit [0-9a-f]+ is not in the repository/);
  });

  it('asks a server for few of thousands of old ones, and finds those that come and move', async () => {
    const old = commit({ 'old.txt': '' });
    const all = Array.from({ length: 6000 }, (_, index) => `${old} refs/pull/${index + 1}/head\n`).sort();
    const packed = join(repository.path, '.git', 'packed-refs');
    writeFileSync(packed, ['# pack-refs with: peeled fully-peeled sorted \n', ...all].join(''));
    const server = await GitOverHttp.start(`${repository.path}/..`, 'ada', 'secret');
    server.isOpen = () => true;
    const line = await BreakingProxy.start(Number(new URL(server.url('')).port));
    try {
      const cheap = { pullRequestCheckout: 'head', command: 'true' } as const;
      await begin({ url: line.url(server.url('app/.git')), name: 'app', ...cheap });
      const before = line.received;
      await poll();
      expect(line.received - before, 'bytes of a poll').to.be.below(5000);
      point(5990, commit({ 'b.txt': '' }));
      point(6001, commit({ 'c.txt': '' }));
      point(6100, commit({ 'd.txt': '' }));
      await poll();
      expect(await numbers()).to.deep.equal([5990, 6001, 6100]);
      point(7000, commit({ 'd1.txt': '' }));
      point(5950, commit({ 'd2.txt': '' }));
      const inTurn: (number | undefined)[] = [];
      for (let polls = 0; polls < 9; polls++) {
        await poll();
        inTurn.push(...(await numbers()));
      }
      expect(inTurn, 'in their turn').to.have.members([5950, 7000]);
      point(2000, commit({ 'e.txt': '' }));
      point(3000, commit({ 'f.txt': '' }));
      await poll();
      expect(await numbers(), 'old ones, before all are listed again').to.deep.equal([]);
      const facts = { title: null, body: null, draft: null, labels: null, author: null, headRef: null, headRepo: null };
      const told = { ...facts, isOpen: true, merged: null, url: null };
      await notePullRequestFacts(volt.context.database, 'app', { number: 2000, facts: told, updatedAt: 1 });
      await poll();
      expect(await numbers(), 'one that the forge has told of').to.deep.equal([2000]);
      poller = new Poller(volt.context);
      await poll();
      expect(await numbers(), 'once all are listed').to.deep.equal([3000]);
      const head = commit({ 'g.txt': '' });
      const many = Array.from({ length: 20 }, (_, index) => `update refs/pull/${1001 + index}/head ${head}\n`);
      repository.updateRefs(many.join(''));
      poller = new Poller(volt.context);
      await poll();
      expect(await numbers()).to.have.lengthOf(13);
      await volt.context.database.db.updateTable('builds').set({ status: 'success', finished_at: 1 }).execute();
      await poll();
      expect((await numbers()).length, 'those without room before').to.equal(7);
    } finally {
      await line.stop();
      await server.stop();
    }
  });
});
