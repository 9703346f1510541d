import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { listRemote } from '../../../src/git/remote/remote-refs.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { freePort } from '../../support/redis.ts';
import { TestRepository } from '../../support/repository.ts';

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

  it('are an empty list without a default branch in an empty repository', async () => {
    const refs = { heads: new Map(), tags: new Map(), others: new Map(), unnamable: 0 };
    expect(await listRemote(repositoryOf().path)).to.deep.equal({ defaultBranch: null, detached: false, ...refs });
  });

  it('have no default branch if HEAD is detached or names a missing branch', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    repository.git('symbolic-ref', 'HEAD', 'refs/heads/gone');
    expect(await listRemote(repository.path)).to.include({ defaultBranch: null, detached: false });
    repository.git('update-ref', '--no-deref', 'HEAD', repository.git('rev-parse', 'main'));
    const { defaultBranch, detached, heads } = await listRemote(repository.path);
    expect({ defaultBranch, detached }).to.deep.equal({ defaultBranch: null, detached: true });
    expect([...heads.keys()]).to.deep.equal(['refs/heads/main']);
  });

  it('are listed with the tags and their commits on request', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    const first = repository.head();
    repository.git('tag', 'light');
    repository.git('tag', '--annotate', '--message', 'x', 'heavy');
    repository.git('tag', '--annotate', '--message', 'x', 'tag-of-a-tag', 'heavy');
    expect((await listRemote(repository.path)).tags.size).to.equal(0);
    expect([...(await listRemote(repository.path, { tags: true })).tags]).to.have.deep.members([
      ['refs/tags/light', first],
      ['refs/tags/heavy', first],
      ['refs/tags/tag-of-a-tag', first],
    ]);
  });

  it('are left out and counted if their names are not valid text', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    const sha = repository.head();
    repository.git('pack-refs', '--all');
    const lines = ['a\xff', 'a\xfe', 'z'].map((name) => `${sha} refs/heads/${name}\n`).join('');
    appendFileSync(`${repository.path}/.git/packed-refs`, Buffer.from(lines, 'latin1'));
    const { heads, unnamable } = await listRemote(repository.path);
    expect([...heads.keys()]).to.have.members(['refs/heads/main', 'refs/heads/z']);
    expect(unnamable).to.equal(2);
  });

  it('are listed in thousands', async () => {
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    const sha = repository.head();
    const lines = Array.from({ length: 3000 }, (_, index) => `${sha} refs/heads/topic/${index}`);
    repository.git('pack-refs', '--all');
    appendFileSync(`${repository.path}/.git/packed-refs`, `${lines.sort().join('\n')}\n`);
    expect((await listRemote(repository.path)).heads.size).to.equal(3001);
  });

  it('cannot be listed without a repository; the error has a remedy', async () => {
    const error = await failure('git_failed', () => listRemote(folders.make()));
    expect(error.remedy).to.include('git ls-remote');
  });

  it('cannot be listed over a transport that would run commands', async () => {
    const marker = `${folders.make()}/was-run`;
    await failure('git_failed', () => listRemote(`ext::sh -c touch% ${marker}`));
    expect(existsSync(marker)).to.equal(false);
  });

  it('cannot be listed if no server answers; the error hides user name and password', async () => {
    const port = await freePort();
    for (const login of ['ada:secret', 'secret']) {
      const error = await failure('git_failed', () => listRemote(`http://${login}@127.0.0.1:${port}/app`));
      expect(`${error.message} ${error.remedy}`).to.not.include('secret');
      expect(error.message).to.include(`127.0.0.1:${port}`);
      expect(error.remedy).to.include('reaches the host');
    }
  });

  it('cannot be listed if the server wants a password; nobody is prompted, and the error has a remedy', async () => {
    const server = await GitOverHttp.start(folders.make(), 'ada', 'secret');
    const error = await failure('git_failed', () => listRemote(server.url('app.git')));
    await server.stop();
    expect(error.message).to.match(/Authentication failed|could not read Username/);
    expect(error.remedy).to.include('volt credential set');
  });

  it('cannot be listed if another user owns the repository; the error tells how to allow it', async function () {
    // only root can give a folder away
    if (process.getuid?.() !== 0) return this.skip();
    const repository = repositoryOf({ 'a.txt': 'a\n' });
    execFileSync('chown', ['-R', '12345', repository.path]);
    const error = await failure('git_failed', () => listRemote(repository.path));
    expect(error.message).to.include('dubious ownership');
    expect(error.remedy).to.include('safe.directory');
  });

  describe('stop being listed', () => {
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

    it('if the server is silent for too long', async () => {
      const error = await failure('git_failed', () => listRemote(url(), { silence: 200 }));
      expect(error.message).to.include('was silent for too long');
    });

    it('if the server sends data without an end', async () => {
      const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
      const trickle = (socket: Socket) => {
        const timer = setInterval(() => socket.write(line(`${'0'.repeat(40)} refs/heads/x\n`)), 20);
        socket.on('error', () => undefined).on('close', () => clearInterval(timer));
      };
      silent.on('connection', trickle);
      const error = await failure('git_failed', () => listRemote(url(), { silence: 10_000, bound: 500 }));
      expect(error.message).to.include('was ended after 0.5 s');
    });

    it('if the caller cancels', async () => {
      const stop = new AbortController();
      connected = () => stop.abort();
      await failure('git_failed', () => listRemote(url(), { signal: stop.signal }));
    });
  });
});
