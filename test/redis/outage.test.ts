import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { isDownForAll } from '../../src/redis/outage.ts';
import { identify } from '../../src/redis/process-identity.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('isDownForAll', () => {
  it('is true when the address refuses connections and the known process has ended', async () => {
    const redis = await startRedis({ password: 'secret' });
    const server = identify(redis.pid);
    await redis.kill();
    expect(await isDownForAll(redis.url, server)).to.equal(true);
    expect(await isDownForAll(`${redis.url}/2`, server)).to.equal(true);
    await redis.stop();
  });

  it('is false when the address refuses connections and the process is unknown, as behind a tunnel', async () => {
    const redis = await startRedis();
    const refusing = `redis://127.0.0.1:${await freePort()}`;
    expect(await isDownForAll(refusing)).to.equal(false);
    expect(await isDownForAll(refusing, identify(redis.pid)), 'its process lives').to.equal(false);
    await redis.stop();
  });

  it('is true while the server refuses writes because it cannot write its files', async () => {
    const redis = await startRedis();
    const takeAgain = await redis.refuseWrites('files');
    expect(await isDownForAll(redis.url)).to.equal(true);
    await takeAgain();
    expect(await isDownForAll(redis.url)).to.equal(false);
    await redis.stop();
  });

  it('is false for a silent server', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    expect(await isDownForAll(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`)).to.equal(false);
    await new Promise((resolve) => silent.close(resolve));
  });

  it('is true when the socket or its server is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volt-outage-'));
    const path = join(folder, 'redis.sock');
    const redis = await startRedis({ settings: ['--unixsocket', path] });
    const url = `redis+unix://${path}`;
    const server = identify(redis.pid);
    expect(await isDownForAll(url, server)).to.equal(false);
    redis.freeze();
    expect(await isDownForAll(url, server), 'it may be silent for us alone').to.equal(false);
    await redis.kill();
    expect(await isDownForAll(url, server)).to.equal(true);
    rmSync(folder, { recursive: true });
    expect(await isDownForAll(url, server)).to.equal(true);
    expect(await isDownForAll(url), 'it may be one that is handed on from elsewhere').to.equal(false);
    await redis.stop();
  });

  it('is false for an unknown host', async () => {
    expect(await isDownForAll('redis://host.invalid:6379')).to.equal(false);
  });

  it('is false for a master that the sentinels may have replaced', async () => {
    const redis = await startRedis();
    const server = identify(redis.pid);
    await redis.kill();
    expect(await isDownForAll(`redis+sentinel://127.0.0.1:${await freePort()}/main`, server)).to.equal(false);
    await redis.stop();
  });

  it('is true while the server loads its data', async () => {
    const redis = await startRedis({ password: 'secret' });
    try {
      expect(await isDownForAll(redis.url)).to.equal(false);
      const finish = await redis.restartLoading();
      expect(await isDownForAll(redis.url)).to.equal(true);
      await finish();
      await until('it serves again', async () => !(await isDownForAll(redis.url)));
      const client = new Redis(redis.url);
      expect(await client.dbsize()).to.be.above(0);
      client.disconnect();
    } finally {
      await redis.stop();
    }
  });
});
