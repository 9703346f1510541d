import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectRedis } from '../../src/redis/connect.ts';
import { failure } from '../support/failure.ts';
import { keepLog } from '../support/logger.ts';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';

const settings = { redisPrefix: 'volt' };

describe('a Redis with TLS', () => {
  const { logger } = keepLog();
  let folder: string;
  let redis: TestRedis;
  let port: number;
  const file = (name: string) => join(folder, `${name}.pem`);
  const at = (options: string) => `rediss://:secret@localhost:${port}${options}`;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'volt-tls-'));
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    openssl('req', '-x509', ...made, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=our authority');
    for (const name of ['server', 'client']) {
      openssl('req', ...made, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      const names = ['-extfile', 'names'];
      execFileSync('sh', ['-c', 'echo subjectAltName=DNS:localhost > names'], { cwd: folder });
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', ...names];
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
    }
    port = await freePort();
    const keys = [
      '--tls-cert-file',
      file('server'),
      '--tls-key-file',
      file('server-key'),
      '--tls-ca-cert-file',
      file('ca'),
    ];
    const tls = ['--tls-port', String(port), ...keys, '--tls-auth-clients', 'yes'];
    redis = await startRedis({ password: 'secret', settings: tls });
  });

  after(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const own = () => `ca=${file('ca')}&cert=${file('client')}&key=${file('client-key')}`;

  it('works with an own authority and a client certificate in the address', async () => {
    const access = await connectRedis(settings, at(`?${own()}`), logger, 0);
    await access.client.set('said', 'in secret');
    expect(await access.client.get('said')).to.equal('in secret');
    const further = access.open('blocking');
    expect(await further.ping()).to.equal('PONG');
    further.disconnect();
    await access.close();
  });

  it('is refused at once with a remedy when its authority is unknown', async () => {
    const error = await failure('redis_untrusted', () => connectRedis(settings, at(''), logger, 3_600_000));
    expect(error.message)
      .to.match(/^the certificate of Redis at \S+ is not trusted: /)
      .and.not.include('secret@');
    expect(error.remedy).to.include('?ca=');
  });

  it('is refused when its certificate is for another name', async () => {
    const url = at(`?${own()}`).replace('localhost', '127.0.0.1');
    const error = await failure('redis_untrusted', () => connectRedis(settings, url, logger, 3_600_000));
    expect(error.message).to.include('altnames');
  });

  it('is reported when it wants a client certificate and gets none', async () => {
    const url = at(`?ca=${file('ca')}`);
    const error = await failure('redis_untrusted', () => connectRedis(settings, url, logger, 3_600_000));
    expect(error.remedy).to.include('?cert=');
  });

  it('fails when a file in the address cannot be read', async () => {
    const url = at('?ca=/nowhere/ca.pem');
    const error = await failure('bad_url', () => connectRedis(settings, url, logger, 3_600_000));
    expect(error.message).to.include('/nowhere/ca.pem');
  });

  it('is recognised with a redis:// address, and a server without TLS with a rediss:// address', async () => {
    const plain = await failure('redis_unknown', () =>
      connectRedis(settings, at('').replace('rediss', 'redis'), logger, 3_600_000),
    );
    expect(plain.message).to.include('is a server that speaks TLS');
    expect(plain.remedy).to.include('rediss://');
    const url = redis.url.replace('redis://', 'rediss://');
    const tls = await failure('redis_unknown', () => connectRedis(settings, url, logger, 3_600_000));
    expect(tls.message).to.include('is a Redis without TLS');
  });
});
