import { expect } from 'chai';
import { addRepository, type RepositoryOptions } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { messageIds } from '../../src/queues/names.ts';
import { recordPlan } from '../../src/record/plans.ts';
import { notePullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { newBuild } from '../support/record.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

describe('a pull request whose base branch has moved', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let poller: Poller;

  before(async () => {
    volt = await TestVolt.start({ logLevel: 'error' });
    volt.context.logger.silent = true;
  });

  beforeEach(() => {
    poller = new Poller(volt.context);
    repository = new TestRepository({ 'a.txt': 'a\n' }, { name: 'app' });
  });

  afterEach(async () => {
    await poller.close();
    repository.remove();
    await volt.context.access.client.flushall();
    for (const table of ['jobs', 'builds', 'cursors', 'intents', 'repositories'] as const)
      await volt.context.database.db.deleteFrom(table).execute();
  });

  after(() => volt.stop());

  /** Adds the repository, and has pull requests with these numbers built at their heads. @returns the heads */
  async function begin(numbers: number[], options: Partial<RepositoryOptions> = {}): Promise<string[]> {
    const usual = { pollSeconds: 3600, pullRequests: 'all', pullRequestRebuild: true, command: 'true' } as const;
    await addRepository(volt.context, { url: repository.path, ...usual, ...options });
    await polled();
    const heads = numbers.map((number) => {
      const head = commit({ [`${number}.txt`]: 'mine\n' });
      repository.git('update-ref', `refs/pull/${number}/head`, head);
      return head;
    });
    for (let left = numbers.length; left > 0; await end()) left -= (await polled()).length;
    return heads;
  }

  /** Makes a commit on no branch. @returns its id */
  function commit(files: Record<string, string>): string {
    repository.git('checkout', '--quiet', '--detach', 'main');
    const sha = repository.commit('a change', files);
    repository.git('checkout', '--quiet', 'main');
    return sha;
  }

  /** Polls. @returns the messages of pull requests, as recorded by a dispatcher */
  async function polled(): Promise<CommitMessage[]> {
    await poller.poll('app');
    const queue = volt.context.queues.queue('commits');
    const messages = (await queue.getWaiting()).map(({ data }) => data as CommitMessage);
    for (const message of messages) {
      const { repo, ref, sha, cursor, pullRequest } = message;
      const build = newBuild({ repo, ref, sha, offer: messageIds.commit(message), cursor: cursor ?? null });
      await recordPlan(volt.context.database, { ...build, ...(pullRequest && { pullRequest }) });
    }
    await queue.drain();
    return messages.filter(({ pullRequest }) => pullRequest);
  }

  /** Polls once more after the builds of the branch have ended. */
  async function polledAfterBranch(): Promise<CommitMessage[]> {
    expect(await polled(), 'while a build of the branch waits').to.deep.equal([]);
    await end();
    return polled();
  }

  const end = (status: 'success' | 'failure' | 'running' = 'success', reason: 'merge_conflict' | null = null) =>
    volt.context.database.db
      .updateTable('builds')
      .set({ status, reason, ...(status !== 'running' && { finished_at: 1 }) })
      .where('finished_at', 'is', null)
      .execute();
  const numbersOf = (messages: CommitMessage[]) => messages.map(({ pullRequest }) => pullRequest?.number);

  it('is built again with the newest base, once for any number of moves, when nothing else waits', async () => {
    const [head] = await begin([7]);
    repository.commit('main moves');
    const base = repository.commit('main moves on');
    const [message, ...others] = await polledAfterBranch();
    expect(others).to.deep.equal([]);
    expect(message).to.include({ sha: head, ref: 'refs/pull/7/head' });
    expect(message?.pullRequest).to.include({ number: 7, before: head, base, baseRef: 'main', conflicts: null });
    expect(await polled(), 'while it is being built').to.deep.equal([]);
    await end();
    expect(await polled(), 'once it is built').to.deep.equal([]);
  });

  it('is not built again where the repository does not say so, or tests the head alone', async () => {
    await begin([7], { pullRequestRebuild: false });
    repository.commit('main moves');
    expect(await polledAfterBranch()).to.deep.equal([]);
    await addRepository(volt.context, { url: repository.path, pullRequestRebuild: true, pullRequestCheckout: 'head' });
    expect(await polled()).to.deep.equal([]);
  });

  it('is built again beside few others, the one first that was built the longest ago', async () => {
    await begin([1, 2, 3, 4, 5, 6]);
    repository.commit('main moves');
    expect(numbersOf(await polledAfterBranch())).to.deep.equal([1, 2, 3, 4]);
    await end('running');
    expect(numbersOf(await polled()), 'no room').to.deep.equal([]);
    await end();
    expect(numbersOf(await polled())).to.deep.equal([5, 6]);
  });

  it('is not built again once its changes are in the base, however they came there', async () => {
    await begin([1, 2]);
    repository.git('merge', '--quiet', '--no-ff', '-m', 'merged', 'refs/pull/1/head');
    repository.commit('squashed', { '2.txt': 'mine\n' });
    expect(await polledAfterBranch()).to.deep.equal([]);
  });

  it('is not built again where it conflicts as before, but where it does no more', async () => {
    await begin([7]);
    repository.commit('in the way', { '7.txt': 'ours' });
    expect((await polledAfterBranch())[0]?.pullRequest?.conflicts).to.deep.equal(['7.txt']);
    await end('failure', 'merge_conflict');
    repository.commit('something else');
    expect(await polledAfterBranch()).to.deep.equal([]);
    repository.git('rm', '--quiet', '7.txt');
    repository.commit('out of the way');
    expect((await polledAfterBranch())[0]?.pullRequest?.conflicts).to.equal(null);
  });

  it('is not built again where its forge has closed it, or a person had to approve it', async () => {
    const [one] = await begin([1, 2]);
    const unknown = { title: null, body: null, draft: null, labels: null, author: null, headRef: null, headRepo: null };
    const facts = { ...unknown, isOpen: false, merged: null, url: null };
    await notePullRequestFacts(volt.context.database, 'app', { number: 2, facts, updatedAt: null });
    await addRepository(volt.context, { url: repository.path, pullRequests: 'approved' });
    repository.commit('main moves');
    expect(await polledAfterBranch(), 'those of forks').to.deep.equal([]);
    repository.git('branch', 'topic', String(one));
    expect(numbersOf(await polled()), 'one that is a branch').to.deep.equal([1]);
  });
});
