import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { git } from '../../../src/git/command/git.ts';
import { failure } from '../../support/failure.ts';
import { TestFolders } from '../../support/folder.ts';

/** Of 127.0.0.1, for a hundred years, signed by itself; made by openssl-req(1) for this test alone. */
const own = {
  key: `MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNylLR+hCtJ4PkJVfrXByt68KreCchiEBWGcXr5XTA7uhRANCAARpD+bE+BL7DUZkHMjZYIv/AxUFm3pZav4sL1KFIU1EwpJ+FwhqcP1veQEaIhk9mcpijUcRxCvfIW0uD8N8kcM4`,
  certificate: `MIIBkDCCATagAwIBAgIUJ/8xsfujfO1SyMVSbVcF6viFSKEwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEzMDA1MDMzN1oYDzIxMjYxMTA2MDUwMzM3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARpD+bE+BL7DUZkHMjZYIv/AxUFm3pZav4sL1KFIU1EwpJ+FwhqcP1veQEaIhk9mcpijUcRxCvfIW0uD8N8kcM4o2QwYjAdBgNVHQ4EFgQUqNy+FOeI1hQJPoPhjdCuBDuvxpIwHwYDVR0jBBgwFoAUqNy+FOeI1hQJPoPhjdCuBDuvxpIwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIAh4j/gl++1M5CGUSlM7uHDftydIy6AczNPInnCCTx27AiEA4LDorGT/kriW82LHCUALa93gR83VQHLJOuUPxrAy490=`,
};
const pem = (kind: string, base64: string) =>
  `-----BEGIN ${kind}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${kind}-----\n`;

describe('a server with a private certificate authority', () => {
  const folders = new TestFolders();
  const file = join(folders.make(), 'cert.pem');
  const cert = pem('CERTIFICATE', own.certificate);
  const former = { ...process.env };
  let server: Server;

  before(async () => {
    writeFileSync(file, cert);
    server = createServer({ key: pem('PRIVATE KEY', own.key), cert }, (_, response) => {
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
