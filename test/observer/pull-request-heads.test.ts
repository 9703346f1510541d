import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addRepository } from '../../src/observer/add.ts';
import { Poller } from '../../src/observer/poller.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { requestEvent } from '../../src/record/event-requests.ts';
import { passOverHeads } from '../../src/record/pull-requests.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { folderBytes } from '../../src/system/disk.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('the head of a pull request', () => {
  let volt: TestVolt;
  let repository: TestRepository;
  let server: GitOverHttp;
  let poller: Poller;

  beforeEach(async () => {
    volt = await TestVolt.start({ logLevel: 'error', pullRequestFetchLimit: 4 });
    repository = new TestRepository({ 'a.txt': 'a\n' }, { name: 'app' });
    server = await GitOverHttp.start(join(repository.path, '..'), 'ada', 'secret');
    server.isOpen = () => true;
    poller = new Poller(volt.context, undefined, { patience: 100 });
    await addRepository(volt.context, {
      ...{ url: server.url('app/.git'), name: 'app', pollSeconds: 3600, pullRequests: 'all', command: 'true' },
    });
    await poller.poll('app');
    await volt.context.queues.queue('commits').drain();
  });

  afterEach(async () => {
    await poller.close();
    await server.stop();
    repository.remove();
    await volt.stop();
  });

  /** Makes a commit on no branch, with a file of so many bytes that cannot be compressed. */
  function commit(name: string, bytes: number): string {
    repository.git('checkout', '--quiet', '--detach', 'main');
    writeFileSync(join(repository.path, name), randomBytes(bytes));
    const sha = repository.commit('a change');
    repository.git('checkout', '--quiet', 'main');
    return sha;
  }

  const point = (number: number, sha: string) => repository.git('update-ref', `refs/pull/${number}/head`, sha);

  const sent = async () => {
    const messages = await volt.context.queues.queue('commits').getWaiting();
    return new Set(messages.map(({ data }) => `${(data as CommitMessage).ref} ${(data as CommitMessage).sha}`));
  };
  const isSent = (ref: string, sha: string) =>
    until(`${ref} is sent`, async () => (await sent()).has(`${ref} ${sha}`), 60_000);

  function mirror(): string {
    const folder = join(volt.dataDir, 'mirrors');
    return join(folder, readdirSync(folder).find((name) => name.endsWith('.git')) ?? '');
  }
  const apart = () => readdirSync(mirror()).filter((name) => name.startsWith('volt-apart-'));

  it('that brings more than the limit is not built and leaves nothing, and others are', async () => {
    point(1, commit('large.bin', 12_000_000));
    const small = commit('small.bin', 100_000);
    point(2, small);
    await poller.poll('app');
    await isSent('refs/pull/2/head', small);
    const said = () => findRepository(volt.context.database, 'app').then((found) => found?.notice ?? '');
    await until('the repository tells', async () => (await said()) !== '');
    expect(await said()).to.equal(
      'cannot build "refs/pull/1/head": git was ended: it wrote a file of more than 4 MB. See which files of the commit are that large; VOLT_PULL_REQUEST_FETCH_LIMIT lets it write more.',
    );
    expect(apart()).to.deep.equal([]);
    expect(await folderBytes(mirror())).to.be.below(2_000_000);
    await poller.poll('app');
    expect(apart(), 'it is not fetched again').to.deep.equal([]);
    const later = commit('later.bin', 100_000);
    point(1, later);
    await poller.poll('app');
    await isSent('refs/pull/1/head', later);
  });

  /** Holds the next fetch of a head up until `open` is called. */
  function gate(): { open: () => void; isHeld: () => boolean } {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isHeld = false;
    server.asked = () => {
      if (isHeld || apart().length === 0) return undefined;
      isHeld = true;
      return opened;
    };
    return { open, isHeld: () => isHeld };
  }

  it('that takes long to fetch holds up neither branches nor other pull requests', async () => {
    const { open, isHeld } = gate();
    const slow = commit('slow.bin', 1000);
    try {
      point(1, slow);
      await poller.poll('app');
      await until('it is being fetched', isHeld);
      point(2, commit('other.bin', 1000));
      const main = repository.commit('of a branch');
      await poller.poll('app');
      await isSent('refs/heads/main', main);
      await isSent('refs/pull/2/head', repository.git('rev-parse', 'refs/pull/2/head'));
      expect([...(await sent())]).to.not.include(`refs/pull/1/head ${slow}`);
    } finally {
      open();
    }
    await isSent('refs/pull/1/head', slow);
    expect(apart()).to.deep.equal([]);
  });

  it('that was passed over is fetched beside the polls once something happens to the pull request', async () => {
    const { open, isHeld } = gate();
    const slow = commit('slow.bin', 1000);
    const { database } = volt.context;
    point(1, slow);
    await passOverHeads(database, 'app', [{ number: 1, ref: 'refs/pull/1/head', head: slow, before: null }]);
    const event = { name: 'pull_request_target', number: 1, action: 'edited', label: null, before: null, head: slow };
    await requestEvent(database, 'app', { ref: null, event, isByStranger: true });
    const targets = async () => {
      const messages = await volt.context.queues.queue('commits').getWaiting();
      return messages.flatMap(({ data }) => (data as CommitMessage).target?.head ?? []);
    };
    try {
      await poller.poll('app');
      await until('it is being fetched', isHeld);
      const main = repository.commit('of a branch');
      await poller.poll('app');
      await isSent('refs/heads/main', main);
      expect(await targets()).to.deep.equal([]);
    } finally {
      open();
    }
    await until('the event is sent', async () => (await targets()).includes(slow), 60_000);
  });
});
