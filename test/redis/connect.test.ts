import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { connectRedis } from '../../src/redis/connect.ts';
import { openFailingFast } from '../../src/redis/connection.ts';
import { failure } from '../support/failure.ts';
import { keepLog } from '../support/logger.ts';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';
import { startSentinel } from '../support/sentinels.ts';
import { until } from '../support/until.ts';

const settings = { redisPrefix: 'volt' };

describe('connecting to Redis', () => {
  const { logger, lines } = keepLog();
  let redis: TestRedis;

  before(async () => {
    redis = await startRedis({ password: 'secret' });
  });

  beforeEach(() => lines.splice(0));

  after(() => redis.stop());

  it('connects to a fit server without a log line', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    expect(await access.client.ping()).to.equal('PONG');
    expect(lines).to.deep.equal([]);
    await access.close();
  });

  it('fails when nothing answers', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`;
    const error = await failure('redis_unreachable', () => connectRedis(settings, url, logger, 0));
    expect(error.message).to.include('ECONNREFUSED').and.not.include('secret');
  });

  it('fails within the timeout when no sentinel answers', async () => {
    const url = `redis+sentinel://:secret@127.0.0.1:${await freePort()}/main`;
    const error = await failure('redis_unreachable', () => connectRedis(settings, url, logger, 0));
    expect(error.message).to.include('entinel').and.not.include('secret');
  });

  it('fails when the sentinels do not know the master', async () => {
    const sentinel = await startSentinel();
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/other`;
    const error = await failure('redis_unreachable', () => connectRedis(settings, url, logger, 0));
    expect(error.message).to.include('its sentinels know no master "other"');
    await sentinel.stop();
  });

  it('refuses a database number that the server does not have', async () => {
    const error = await failure('redis_unfit', () => connectRedis(settings, `${redis.url}/99`, logger, 3_600_000));
    expect(error.message).to.include('no database 99').and.not.include('secret');
    const access = await connectRedis(settings, `${redis.url}/9`, logger, 0);
    await access.client.set('where', 'nine');
    expect(String(await access.client.client('INFO'))).to.include(' db=9 ');
    await access.close();
  });

  it('waits for a server that is starting', async () => {
    await redis.kill();
    const connecting = connectRedis(settings, redis.url, logger);
    await redis.start();
    await (await connecting).close();
  });

  it('waits for a server that loads its data, and logs the progress', async () => {
    const writer = await connectRedis(settings, redis.url, logger);
    const filling = writer.client.pipeline();
    for (let count = 0; count < 20_000; count++) filling.set(`filling-${count}`, 'x');
    await filling.exec();
    await writer.close();
    await redis.kill();
    await redis.start({ settings: ['--key-load-delay', '100'], loading: true });
    const access = await connectRedis(settings, redis.url, logger, 100);
    expect(await access.client.exists('filling-19999')).to.equal(1);
    expect(lines.some((line) => /to load its data: \d+ %/.test(line))).to.equal(true);
    await access.client.flushall();
    await access.close();
  });

  it('logs that it waits while nothing answers', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`;
    const connecting = failure('redis_unreachable', () => connectRedis(settings, url, logger, 1200));
    await until('a word about it', () => lines.length > 0);
    expect(lines[0])
      .to.match(/ warn .*does not answer; trying for 1.2 s/)
      .and.not.include('secret');
    await connecting;
  });

  it('recognises another kind of server', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `redis://127.0.0.1:${port}`;
    const error = await failure('redis_unknown', () => connectRedis(settings, url, logger, 3_600_000));
    expect(error.message).to.include(`127.0.0.1:${port}`);
    server.close();
  });

  it('refuses a server that is too old', async () => {
    // the oldest Redis that is packaged anywhere today is fit, so this one only says that it is old
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        for (const command of String(data).split(/(?=\*\d)/)) {
          const info = '# Server\r\nredis_version:5.0.7\r\nloading:0\r\n';
          const asked = /\binfo\b/i.test(command);
          socket.write(asked ? `$${info.length}\r\n${info}\r\n` : "-ERR unknown command 'HELLO'\r\n");
        }
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await failure('redis_unfit', () => connectRedis(settings, url, logger, 3_600_000));
    expect(error.message).to.include('is version 5.0.7');
    expect(error.remedy).to.include('6.2');
    server.close();
  });

  it('fails at once for a wrong or missing password', async () => {
    for (const login of ['', ':guess@', 'nobody:secret@']) {
      const url = redis.url.replace(':secret@', login);
      const error = await failure('redis_denied', () => connectRedis(settings, url, logger, 3_600_000));
      expect(error.message).to.not.include('guess').and.not.include('secret');
    }
  });

  it('refuses a server that may evict keys', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    await access.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const error = await failure('redis_unfit', () => connectRedis(settings, redis.url, logger, 0));
    expect(error.message).to.include('allkeys-lru').and.not.include('secret');
    expect(error.remedy).to.include('noeviction');
    await access.client.config('SET', 'maxmemory-policy', 'noeviction');
    await access.close();
  });

  it('accepts a server without an append-only file, with a warning', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    await access.client.config('SET', 'appendonly', 'no');
    const second = await connectRedis(settings, redis.url, logger, 0);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/ warn .*append-only/);
    await access.client.config('SET', 'appendonly', 'yes');
    await access.close();
    await second.close();
  });

  it('logs the begin and the end of an outage once, and then completes the waiting commands', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    await redis.kill();
    await until('a word about it', () => lines.length > 0);
    const answer = access.client.ping();
    await redis.start();
    expect(await answer).to.equal('PONG');
    await until('a word about its return', () => lines.some((line) => line.includes('answers again')));
    expect(
      lines.map((line) =>
        line
          .replace(/^\S+ /, '')
          .replace(/ error=.*/, '')
          .trim(),
      ),
    ).to.deep.equal([
      `warn  volt: Redis at redis://***@127.0.0.1:${redis.port} does not answer; trying again until it does`,
      `info  volt: Redis at redis://***@127.0.0.1:${redis.port} answers again`,
    ]);
    await access.close();
  });

  it('names its connections on the server', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    const further = access.open('runner box~1');
    await further.ping();
    const names = [...String(await access.client.client('LIST')).matchAll(/ name=(\S*)/g)].map(([, name]) => name);
    expect(names).to.have.members(['volt', 'runner:box~1']);
    further.disconnect();
    await access.close();
  });

  it('opens connections whose commands fail at once during an outage', async () => {
    const impatient = openFailingFast(redis.url, 'test');
    await until('it is connected', () => impatient.status === 'ready');
    await redis.kill();
    await until('it has noticed', () => impatient.status !== 'ready');
    const outcome = await impatient.ping().catch((error: Error) => error);
    expect(outcome).to.be.an('error');
    await redis.start();
    await until('it is back by itself', () => impatient.status === 'ready');
    expect(await impatient.ping()).to.equal('PONG');
    impatient.disconnect();
  });

  it('follows the sentinels to the new master when its server has become a replica', async () => {
    const sentinel = await startSentinel();
    const [former, next] = [await startRedis(), await startRedis()];
    const ask = new Redis(sentinel.port, '127.0.0.1', { enableReadyCheck: false });
    const watch = ({ port }: TestRedis) => ask.call('SENTINEL', 'MONITOR', 'main', '127.0.0.1', port, 1);
    await watch(former);
    const access = await connectRedis(settings, `redis+sentinel://127.0.0.1:${sentinel.port}/main`, logger, 0);
    await access.client.set('before', 'written');
    await ask.call('SENTINEL', 'REMOVE', 'main');
    await watch(next);
    const [old, master] = [new Redis(former.url), new Redis(next.url)];
    await old.replicaof('127.0.0.1', next.port);
    const outcome = await access.client.set('after', 'written').catch(String);
    const written = await master.get('after');
    for (const each of [ask, old, master]) each.disconnect();
    await access.close();
    for (const each of [sentinel, former, next]) await each.stop();
    expect([outcome, written]).to.deep.equal(['OK', 'written']);
  });

  it('can be closed between two tries during an outage, and waiting commands fail', async () => {
    const access = await connectRedis(settings, redis.url, logger, 0);
    await access.client.ping();
    await redis.kill();
    await until('it waits for its next try', () => access.client.status === 'reconnecting');
    const outcome = access.client.ping().catch((error: Error) => error);
    await access.close();
    expect(await outcome).to.be.an('error');
    await redis.start();
  });
});
