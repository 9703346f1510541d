import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { isDownForAll } from '../../src/redis/outage.ts';
import { identify } from '../../src/redis/process.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('a server that is away for everybody', () => {
  it('is one whose address refuses connections, where its process was seen here and has ended', async () => {
    const redis = await startRedis({ password: 'secret' });
    const server = identify(redis.pid);
    await redis.kill();
    expect(await isDownForAll(redis.url, server)).to.equal(true);
    expect(await isDownForAll(`${redis.url}/2`, server)).to.equal(true);
    await redis.stop();
  });

  it('is not one whose address refuses connections, where nobody has seen it end: that may be the end of a tunnel', async () => {
    const redis = await startRedis();
    const refusing = `redis://127.0.0.1:${await freePort()}`;
    expect(await isDownForAll(refusing)).to.equal(false);
    expect(await isDownForAll(refusing, identify(redis.pid)), 'its process lives').to.equal(false);
    await redis.stop();
  });

  it('is one that takes no writes since it cannot write its files, and no more when it can', async () => {
    const redis = await startRedis();
    const takeAgain = await redis.refuseWrites('files');
    expect(await isDownForAll(redis.url)).to.equal(true);
    await takeAgain();
    expect(await isDownForAll(redis.url)).to.equal(false);
    await redis.stop();
  });

  it('is not one that is silent: that may be for us alone', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    expect(await isDownForAll(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`)).to.equal(false);
    await new Promise((resolve) => silent.close(resolve));
  });

  it('is one whose socket is gone, or whose server is', async () => {
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

  it('is not one that nobody knows the way to', async () => {
    expect(await isDownForAll('redis://host.invalid:6379')).to.equal(false);
  });

  it('is not a master that the sentinels may have replaced', async () => {
    const redis = await startRedis();
    const server = identify(redis.pid);
    await redis.kill();
    expect(await isDownForAll(`redis+sentinel://127.0.0.1:${await freePort()}/main`, server)).to.equal(false);
    await redis.stop();
  });

  it('is one that loads its data, and no more when it has', async () => {
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
