import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { git } from '../../../src/git/command/git.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';
import { ownCertificate } from '../../support/own-certificate.ts';

describe('a server with a private certificate authority', () => {
  const folders = new TestFolders();
  const file = join(folders.make(), 'cert.pem');
  const former = { ...process.env };
  let server: Server;

  before(async () => {
    writeFileSync(file, ownCertificate.cert);
    server = createServer(ownCertificate, (_, response) => {
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    folders.remove();
  });
  afterEach(() => {
    for (const name of ['SSL_CERT_FILE', 'GIT_SSL_CAINFO', 'no_proxy']) delete process.env[name];
    Object.assign(process.env, former);
  });

  it('is trusted by git only if SSL_CERT_FILE names the authority', async () => {
    const { port } = server.address() as AddressInfo;
    const ask = async (SSL_CERT_FILE: string) => {
      Object.assign(process.env, { SSL_CERT_FILE, GIT_SSL_CAINFO: '', no_proxy: '127.0.0.1' });
      return (await failure('git_failed', () => git('/', ['ls-remote', '--', `https://127.0.0.1:${port}/x`]))).message;
    };
    expect(await ask('')).to.match(/certificate/i);
    expect(await ask(file)).to.match(/not found/i);
  });
});
