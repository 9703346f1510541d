import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { addRepository } from '../../src/observer/add.ts';
import { CalledWorkflows } from '../../src/observer/called-workflows.ts';
import { Poller } from '../../src/observer/poller.ts';
import type { CommitMessage } from '../../src/queues/messages.ts';
import { openTrigger } from '../../src/record/intents.ts';
import { findRepository } from '../../src/record/repositories.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

const path = '.github/workflows/test.yml';
const calling = { [path]: 'on: push\njobs: { a: { uses: acme/ci/.github/workflows/test.yml@main } }' };

describe('a commit that calls workflows of other repositories', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];
  const sockets = new Set<Socket>();
  let volt: TestVolt;
  let poller: Poller;
  let silent: Server;

  before((done) => {
    silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1', done);
  });
  afterEach(async () => {
    await poller.close();
    await volt.stop();
    for (const repository of made.splice(0)) repository.remove();
  });
  after((done) => {
    folders.remove();
    for (const socket of sockets) socket.destroy();
    silent.close(() => done());
  });

  async function start(actionsUrl: string): Promise<TestRepository> {
    volt = await TestVolt.start({ actionsUrl, logLevel: 'error' });
    poller = new Poller(volt.context);
    const repository = new TestRepository({ x: 'x' }, { name: 'app' });
    made.push(repository);
    await addRepository(volt.context, {
      ...{ url: repository.path, branches: ['*'], pollSeconds: 3600, commits: 'every', command: null },
    });
    return repository;
  }
  const offered = async () =>
    (await volt.context.queues.queue('commits').getWaiting()).map(({ data }) => data as CommitMessage);

  it('is sent with those workflows once they are fetched, also when a person asks for the build', async () => {
    const base = folders.make();
    const ci = new TestRepository({ [path]: 'called' }, { at: join(base, 'acme/ci') });
    made.push(ci);
    const repository = await start(base);
    repository.commit('calls', calling);
    const trigger = await openTrigger(volt.context.database, 'app', 'main');
    await poller.poll('app');
    const messages = await until('both', async () => {
      const all = await offered();
      return all.length === 2 ? all : undefined;
    });
    const called = [
      { repository: 'acme/ci', ref: 'main', sha: ci.head(), inherits: false, files: [{ path, text: 'called' }] },
    ];
    expect(messages.map(({ workflows }) => workflows?.called)).to.deep.equal([called, called]);
    expect(messages.map(({ intent }) => intent ?? null)).to.have.members([null, trigger]);
    expect((await findRepository(volt.context.database, 'app'))?.notice ?? null).to.equal(null);
  });

  it('waits for a repository that does not answer without holding up other refs, and a notice says what for', async () => {
    const repository = await start(`git://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    repository.commit('calls', calling);
    repository.git('checkout', '--quiet', '-b', 'other', 'HEAD^');
    const other = repository.commit('calls nobody', { y: 'y' });
    await poller.poll('app');
    await poller.poll('app');
    expect((await offered()).map(({ sha }) => sha)).to.deep.equal([other]);
    const { notice } = (await findRepository(volt.context.database, 'app')) ?? {};
    expect(notice).to.equal(
      'the next commit of "main" waits until the workflows that it calls are fetched from "acme/ci"',
    );
  });
});

describe('commits of very many refs that each call other workflows', () => {
  const commits = Array.from({ length: 100 }, (_, index): CommitMessage => {
    const text = `on: push\njobs: { a: { uses: acme/ci/.github/workflows/${index}.yml@main } }`;
    return {
      ...{ v: 1, repo: 'app', ref: `refs/heads/${index}`, sha: 'a'.repeat(40), subject: '', author: '' },
      ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'commit', passedOver: 0, more: false },
      workflows: { files: [{ path, text }], changed: null, defaultBranch: 'main' },
    };
  });

  it('wait some at a time, and all are sent', async () => {
    const called = new CalledWorkflows();
    const waiting: (() => void)[] = [];
    let begun = 0;
    const fetch = async () => {
      begun++;
      await new Promise<void>((resolve) => void waiting.push(resolve));
      return [];
    };
    const ready = new Set<string>();
    const look = () => {
      // what is there was offered, and comes no more
      for (const commit of commits.filter(({ ref }) => !ready.has(ref))) {
        const found = called.attach([commit], { repo: 'app', by: 'trusted' }, fetch, () => undefined);
        for (const { ref } of found.ready) ready.add(ref);
      }
    };
    look();
    const release = () => void waiting.splice(0).map((go) => go());
    await until('no further fetches', async () => {
      const before = begun;
      release();
      await new Promise((resolve) => setImmediate(resolve));
      return before > 0 && begun === before && waiting.length === 0;
    });
    expect(begun).to.be.below(50);
    await until('each of them', async () => {
      look();
      release();
      return ready.size === commits.length;
    });
    await called.close();
  });
});
