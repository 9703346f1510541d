import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { processOf } from '../../src/redis/find-server-process.ts';
import { isSeenGone } from '../../src/redis/process-identity.ts';
import { startRedis } from '../support/redis.ts';

describe('the process of a Redis server', () => {
  it('is found on this machine, and known to be gone when it has ended', async () => {
    const redis = await startRedis();
    const client = new Redis(redis.url);
    const server = await processOf(client);
    client.disconnect();
    expect(server?.pid).to.equal(redis.pid);
    expect(server && isSeenGone(server)).to.equal(false);
    await redis.kill();
    expect(server && isSeenGone(server)).to.equal(true);
    await redis.stop();
  });

  it('is not a process of this machine with the same id and another age', async () => {
    const info = `process_id:${process.pid}\r\nuptime_in_seconds:${Math.round(process.uptime()) + 3600}\r\n`;
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        for (const command of String(data).split(/(?=\*\d)/))
          socket.write(
            /\binfo\b/i.test(command) ? `$${info.length}\r\n${info}\r\n` : "-ERR unknown command 'HELLO'\r\n",
          );
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new Redis((server.address() as AddressInfo).port, '127.0.0.1', { enableReadyCheck: false });
    expect(await processOf(client)).to.equal(undefined);
    client.disconnect();
    server.close();
  });
});
