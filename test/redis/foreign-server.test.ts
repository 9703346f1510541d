import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { connectRedis } from '../../src/redis/connect.ts';
import { failure } from '../support/failure.ts';
import { keepLog } from '../support/logger.ts';
import { hasPostgres, startPostgres } from '../support/postgres.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const settings = { redisPrefix: 'volt' };

describe('another server at the address of Redis', () => {
  const { logger, lines } = keepLog();
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function portOf(server: Server): Promise<number> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const unknownAt = async (port: number) =>
    (await failure('redis_unknown', () => connectRedis(settings, `redis://:pw@127.0.0.1:${port}`, logger, 3_600_000)))
      .message;

  it('is recognised: PostgreSQL', async function () {
    if (!hasPostgres()) this.skip();
    const postgres = await startPostgres();
    expect(await unknownAt(postgres.port)).to.equal(
      `the server at redis://***@127.0.0.1:${postgres.port} is PostgreSQL`,
    );
    await postgres.stop();
  });

  it('is recognised: a web server', async () => {
    const port = await portOf(createHttpServer((_, response) => response.end('hello')));
    expect(await unknownAt(port)).to.equal(`the server at redis://***@127.0.0.1:${port} is an HTTP server`);
  });

  it('is recognised: a server that speaks first, such as SSH', async () => {
    const port = await portOf(
      createServer((socket) => socket.on('error', () => undefined).write('SSH-2.0-OpenSSH\r\n')),
    );
    expect(await unknownAt(port)).to.include('is an SSH server');
  });

  it('is waited for when it is unknown, since it may be a proxy during an outage', async () => {
    const proxy = createServer((socket) => socket.end());
    const port = await portOf(proxy);
    const connecting = connectRedis(settings, `redis://127.0.0.1:${port}`, logger);
    await until('it is waited for', () => lines.some((line) => line.includes('does not answer')));
    await new Promise((resolve) => proxy.close(resolve));
    const redis = await startRedis({ port });
    await (await connecting).close();
    await redis.stop();
  });

  it('is refused when it is a Redis Cluster', async () => {
    const redis = await startRedis({
      settings: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())],
    });
    const error = await failure('redis_unfit', () => connectRedis(settings, redis.url, logger, 3_600_000));
    expect(error.message).to.match(/ is a Redis Cluster$/);
    expect(error.remedy).to.include('Sentinel');
    await redis.stop();
  });
});
