import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { isAwayForAll } from '../../src/redis/outage.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('a server that is away for everybody', () => {
  it('is one whose address refuses connections', async () => {
    const port = await freePort();
    expect(await isAwayForAll(`redis://127.0.0.1:${port}`)).to.equal(true);
    expect(await isAwayForAll(`redis://:secret@127.0.0.1:${port}/2`)).to.equal(true);
  });

  it('is not one that is silent: that may be for us alone', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    expect(await isAwayForAll(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`)).to.equal(false);
    await new Promise((resolve) => silent.close(resolve));
  });

  it('is one whose socket is gone, or whose server is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'volt-outage-'));
    const path = join(folder, 'redis.sock');
    const redis = await startRedis({ settings: ['--unixsocket', path] });
    const url = `redis+unix://${path}`;
    expect(await isAwayForAll(url)).to.equal(false);
    redis.freeze();
    expect(await isAwayForAll(url), 'it may be silent for us alone').to.equal(false);
    await redis.kill();
    expect(await isAwayForAll(url)).to.equal(true);
    rmSync(folder, { recursive: true });
    expect(await isAwayForAll(url)).to.equal(true);
    await redis.stop();
  });

  it('is not one that nobody knows the way to', async () => {
    expect(await isAwayForAll('redis://host.invalid:6379')).to.equal(false);
  });

  it('is not a master that the sentinels may have replaced', async () => {
    const port = await freePort();
    expect(await isAwayForAll(`redis+sentinel://127.0.0.1:${port}/main`)).to.equal(false);
  });

  it('is one that loads its data, and no more when it has', async () => {
    const redis = await startRedis({ password: 'secret' });
    try {
      expect(await isAwayForAll(redis.url)).to.equal(false);
      const finish = await redis.restartLoading();
      expect(await isAwayForAll(redis.url)).to.equal(true);
      await finish();
      await until('it serves again', async () => !(await isAwayForAll(redis.url)));
      const client = new Redis(redis.url);
      expect(await client.dbsize()).to.be.above(0);
      client.disconnect();
    } finally {
      await redis.stop();
    }
  });
});
