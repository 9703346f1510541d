import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { UntrustedServer } from '../../../src/git/access/untrusted-server.ts';
import { lsRefs } from '../../../src/git/remote/ls-refs.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { TestRepository } from '../../support/repository.ts';

describe('git with a server that a commit names', () => {
  const folders = new TestFolders();
  let repository: TestRepository;
  let server: GitOverHttp;
  let port: number;

  before(async () => {
    const top = realpathSync(folders.make());
    repository = new TestRepository({ 'a.txt': 'a\n' }, { at: join(top, 'lib') });
    server = await GitOverHttp.start(top, 'ada', 'secret');
    server.isOpen = () => true;
    port = Number(new URL(server.url('')).port);
  });

  after(async () => {
    await server.stop();
    folders.remove();
  });

  function untrusted(change: Partial<UntrustedServer> = {}): UntrustedServer {
    return { asMachine: false, protocol: 'http', pinned: undefined, redirects: false, ...change };
  }
  const list = async (url: string, options: UntrustedServer) =>
    (await lsRefs(url, ['refs/heads/'], { untrusted: options })).map(({ sha }) => sha);

  it('connects to the checked IP address without another DNS lookup', async () => {
    const pinned = { scheme: 'http', host: 'nowhere.invalid', port, addresses: ['127.0.0.1'] };
    expect(await list(`http://nowhere.invalid:${port}/lib`, untrusted({ pinned }))).to.include(repository.head());
    await failure('git_failed', () => list(`http://nowhere.invalid:${port}/lib`, untrusted()));
    const away = { ...pinned, host: 'localhost', addresses: ['127.0.0.9'] };
    const before = server.count.served;
    await failure('git_failed', () => list(`http://localhost:${port}/lib`, untrusted({ pinned: away })));
    expect(server.count.served).to.equal(before);
  });

  it('follows no redirect, and the error has a remedy', async () => {
    const moved: Server = createServer((request, response) => {
      response.writeHead(301, { location: server.url(`lib${request.url?.replace(/^\/old/, '')}`) }).end();
    });
    moved.listen(0, '127.0.0.1');
    await once(moved, 'listening');
    const url = `http://127.0.0.1:${(moved.address() as AddressInfo).port}/old`;
    const before = server.count.served;
    try {
      const error = await failure('git_failed', () => list(url, untrusted()));
      expect(error.remedy).to.include('moved');
      expect(server.count.served).to.equal(before);
      expect(await list(url, untrusted({ redirects: true }))).to.include(repository.head());
    } finally {
      moved.close();
      moved.closeAllConnections();
    }
  });

  it('uses no other protocol than HTTPS and HTTP', async () => {
    await failure('git_failed', () => list(server.url('lib'), untrusted({ protocol: 'https' })));
    await failure('git_failed', () => list(repository.path, untrusted()));
  });
});
