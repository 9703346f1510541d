import { appendFileSync, existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { listRemote } from '../../src/git/remote.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { freePort } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';

describe('the branches of a remote repository', () => {
  const folders = new TestFolders();
  const made: TestRepository[] = [];

  after(() => {
    for (const repository of made) repository.remove();
    folders.remove();
  });

  function repositoryOf(files: Record<string, string> = {}): TestRepository {
    const repository = new TestRepository(files);
    made.push(repository);
    return repository;
  }

  it('are listed with the commits they point to, and the default one is named', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    const first = repository.head();
    repository.git('checkout', '--quiet', '-b', 'feature/größe');
    const second = repository.commit('second');
    repository.git('tag', 'v1');
    repository.git('checkout', '--quiet', 'main');
    const { defaultBranch, heads } = await listRemote(repository.path);
    expect(defaultBranch).to.equal('main');
    expect([...heads]).to.have.deep.members([
      ['refs/heads/main', first],
      ['refs/heads/feature/größe', second],
    ]);
  });

  it('are none in an empty repository, which has no default branch', async () => {
    expect(await listRemote(repositoryOf().path)).to.deep.equal({ defaultBranch: null, heads: new Map() });
  });

  it('have no default where HEAD is detached or points to a branch that does not exist', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
    expect((await listRemote(repository.path)).defaultBranch).to.equal(null);
    repository.git('update-ref', '--no-deref', 'HEAD', repository.git('rev-parse', 'main'));
    const { defaultBranch, heads } = await listRemote(repository.path);
    expect(defaultBranch).to.equal(null);
    expect([...heads.keys()]).to.deep.equal(['refs/heads/main']);
  });

  it('are listed where there are thousands', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    const sha = repository.head();
    const lines = Array.from({ length: 3000 }, (_, index) => `${sha} refs/heads/topic/${index}`);
    repository.git('pack-refs', '--all');
    appendFileSync(`${repository.path}/.git/packed-refs`, `${lines.sort().join('\n')}\n`);
    expect((await listRemote(repository.path)).heads.size).to.equal(3001);
  });

  it('cannot be listed where there is no repository; the error says what to look at', async () => {
    const error = await failure('git_failed', () => listRemote(folders.make()));
    expect(error.remedy).to.include('git ls-remote');
  });

  it('cannot be listed over a transport that would run commands', async () => {
    const marker = `${folders.make()}/was-run`;
    await failure('git_failed', () => listRemote(`ext::sh -c touch% ${marker}`));
    expect(existsSync(marker)).to.equal(false);
  });

  it('cannot be listed where nothing answers; the error shows no user name and no password', async () => {
    const port = await freePort();
    for (const login of ['ada:secret', 'secret']) {
      const error = await failure('git_failed', () => listRemote(`http://${login}@127.0.0.1:${port}/app`));
      expect(`${error.message} ${error.remedy}`).to.not.include('secret');
      expect(error.message).to.include(`127.0.0.1:${port}`);
      expect(error.remedy).to.include('reaches the host');
    }
  });

  describe('are given up on', () => {
    let silent: Server;
    let connected: () => void = () => {};

    beforeEach(async () => {
      silent = createServer((socket) => {
        socket.resume();
        connected();
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    });

    afterEach(() => new Promise((resolve) => silent.close(resolve)));

    const url = () => `git://127.0.0.1:${(silent.address() as AddressInfo).port}/app`;

    it('where the other side is silent for too long', async () => {
      const error = await failure('git_failed', () => listRemote(url(), { silence: 200 }));
      expect(error.message).to.include('has not moved for too long');
    });

    it('when nobody wants them any more', async () => {
      const stop = new AbortController();
      connected = () => stop.abort();
      await failure('git_failed', () => listRemote(url(), { signal: stop.signal }));
    });
  });
});
