import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { startEmbeddedRedis } from '../../src/redis/embedded.ts';
import { hasMainUser } from '../../src/redis/url.ts';
import { startChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';
import { freePort, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Starts the server in a process of its own, as `volt up` does, prints its address and stays. */
const owner = `
  import { loadConfig } from './src/kernel/config.ts';
  import { createLogger } from './src/kernel/logger.ts';
  import { startEmbeddedRedis } from './src/redis/embedded.ts';
  const { url } = await startEmbeddedRedis(loadConfig({ dataDir: process.argv.at(-1) }), createLogger('error'));
  console.log(url);
  setInterval(() => {}, 1000);
`;

const mode = (file: string) => statSync(file).mode & 0o777;

/** Whether there is a process of that number that is not a zombie. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The session that a process is in; undefined when there is no such process. */
function sessionOf(pid: number | string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  } catch {
    return undefined;
  }
}

describe('the embedded Redis', () => {
  const folders = new TestFolders();
  const { logger, lines } = keepLog();

  after(folders.remove);

  const configOf = (dataDir: string): Config => loadConfig({ dataDir });
  const connect = (url: string) =>
    connectRedis({ redisPrefix: 'volt' }, url, logger, undefined, hasMainUser(url) ? 'volt' : 'runner');
  const pidOf = async ({ client }: RedisAccess) => Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);

  it('evicts nothing and keeps all data on the disk', async () => {
    const redis = await startEmbeddedRedis(configOf(folders.make()), logger);
    const access = await connect(redis.url);
    const settings = (await access.client.config('GET', 'maxmemory-policy', 'appendonly', 'port')) as string[];
    expect(Object.fromEntries([0, 2, 4].map((index) => settings.slice(index, index + 2)))).to.deep.equal({
      'maxmemory-policy': 'noeviction',
      appendonly: 'yes',
      port: '0',
    });
    expect(lines.filter((line) => line.includes(' warn '))).to.deep.equal([]);
    await access.close();
    await redis.stop();
  });

  it('requires a password that only the owner of the data directory can read', async () => {
    const config = configOf(folders.make());
    const paths = dataPaths(config.dataDir);
    const redis = await startEmbeddedRedis(config, logger);
    await (await connect(redis.url)).close();
    await failure('redis_denied', () => connect(redis.url.replace(/:[0-9a-f]+@/, '')));
    expect(redis.url).to.match(/^redis\+unix:\/\/:[0-9a-f]{32,}@\/.*\/redis\/redis\.sock$/);
    expect(mode(join(paths.redis, 'redis.sock'))).to.equal(0o700);
    expect(readFileSync(paths.redisUrl, 'utf8').trim()).to.equal(redis.url);
    expect(mode(paths.redis)).to.equal(0o700);
    expect(mode(paths.redisUrl)).to.equal(0o600);
    expect(mode(join(paths.redis, 'redis.conf'))).to.equal(0o600);
    await redis.stop();
  });

  it('keeps its data, address and password over a restart', async () => {
    const config = configOf(folders.make());
    const first = await startEmbeddedRedis(config, logger);
    const writer = await connect(first.url);
    await writer.client.set('kept', 'yes');
    const pid = await pidOf(writer);
    await writer.close();
    await first.stop();
    expect(lives(pid), 'it has ended when it is stopped').to.equal(false);

    const second = await startEmbeddedRedis(config, logger);
    expect(second.url).to.equal(first.url);
    const reader = await connect(second.url);
    expect(await reader.client.get('kept')).to.equal('yes');
    await reader.close();
    await second.stop();
  });

  it('starts empty when it cannot read its file after a power cut, and keeps that file', async () => {
    const config = configOf(folders.make());
    const { redis: dir } = dataPaths(config.dataDir);
    const first = await startEmbeddedRedis(config, logger);
    const writer = await connect(first.url);
    await writer.client.set('written', 'yes');
    await writer.close();
    await first.stop();
    const files = existsSync(join(dir, 'appendonlydir')) ? 'appendonlydir' : 'appendonly.aof';
    const file = files === 'appendonlydir' ? join(files, 'appendonly.aof.1.incr.aof') : files;
    // the file system knew its length, and had not written its end yet
    appendFileSync(join(dir, file), Buffer.alloc(600));

    lines.length = 0;
    const second = await startEmbeddedRedis(config, logger);
    const reader = await connect(second.url);
    expect(await reader.client.get('written')).to.equal(null);
    expect(readFileSync(join(dir, `${files}.broken`, file.slice(files.length))).includes('written')).to.equal(true);
    expect(lines.filter((line) => line.includes('starts empty'))).to.have.length(1);
    await reader.close();
    await second.stop();
  });

  it('takes another port when its own is in use', async () => {
    const config = { ...configOf(folders.make()), redisBind: '127.0.0.1' };
    const runnerUrl = () => readFileSync(dataPaths(config.dataDir).runnerRedisUrl, 'utf8').trim();
    const first = await startEmbeddedRedis(config, logger);
    await (await connect(first.url)).close();
    await first.stop();
    const former = runnerUrl();
    const stranger = createServer().listen(Number(new URL(former).port), '127.0.0.1');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const second = await startEmbeddedRedis(config, logger);
    expect(runnerUrl()).to.not.equal(former);
    await (await connect(runnerUrl())).close();
    await second.stop();
    await new Promise((resolve) => stranger.close(resolve));
  });

  it('listens only on the port of VOLT_REDIS_PORT', async () => {
    const port = await freePort();
    const config = { ...configOf(folders.make()), redisBind: '0.0.0.0', redisPort: port };
    const redis = await startEmbeddedRedis(config, logger);
    const join = new URL(readFileSync(dataPaths(config.dataDir).runnerRedisUrl, 'utf8').trim());
    expect(join.port).to.equal(String(port));
    expect(join.hostname, 'another machine finds it').to.match(/^[\d.]+$|\./);
    await redis.stop();
    const stranger = createServer().listen(port, '0.0.0.0');
    await new Promise((resolve) => stranger.once('listening', resolve));
    const error = await failure('redis_failed', () => startEmbeddedRedis(config, logger));
    expect(error.message).to.include(String(port));
    await new Promise((resolve) => stranger.close(resolve));
  });

  it('is started again with its data when it is killed', async () => {
    const redis = await startEmbeddedRedis(configOf(folders.make()), logger);
    const access = await connect(redis.url);
    await access.client.set('kept', 'yes');
    const pid = await pidOf(access);
    process.kill(pid, 'SIGKILL');
    expect(await access.client.get('kept')).to.equal('yes');
    expect(await pidOf(access)).to.not.equal(pid);
    expect(lines.some((line) => line.includes('starting it again'))).to.equal(true);
    await access.close();
    await redis.stop();
  });

  /** Kills the process that keeps the server, and waits until that is noticed. */
  async function killSupervisor(pid: number): Promise<void> {
    const heard = lines.length;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    process.kill(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), 'SIGKILL');
    await until('it is noticed', () => lines.slice(heard).some((line) => line.includes('the server itself runs on')));
  }

  it('runs on alone when its supervisor is killed, and is started again when it ends', async () => {
    const config = configOf(folders.make());
    const redis = await startEmbeddedRedis(config, logger);
    const access = await connect(redis.url);
    await access.client.set('kept', 'yes');
    const pid = await pidOf(access);
    const heard = lines.length;
    await killSupervisor(pid);
    expect(await pidOf(access)).to.equal(pid);
    process.kill(pid, 'SIGKILL');
    expect(await access.client.get('kept')).to.equal('yes');
    expect(await pidOf(access)).to.not.equal(pid);
    expect(lines.slice(heard).filter((line) => line.includes('starting it again'))).to.have.length(1);
    await access.close();
    await redis.stop();
  });

  it('ends with Volt also without its supervisor', async () => {
    const redis = await startEmbeddedRedis(configOf(folders.make()), logger);
    const access = await connect(redis.url);
    const pid = await pidOf(access);
    await killSupervisor(pid);
    await access.close();
    await redis.stop();
    expect(lives(pid)).to.equal(false);
  });

  it('is ended by the next start when Volt and the supervisor were killed', async () => {
    const config = configOf(folders.make());
    const child = startChild(owner, { args: [config.dataDir] });
    const access = await connect(await child.line());
    await access.client.set('kept', 'yes');
    const pid = await pidOf(access);
    await access.close();
    const session = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && sessionOf(name) === sessionOf(pid));
    for (const other of session) if (Number(other) !== pid) process.kill(Number(other), 'SIGKILL');
    await child.kill();
    const redis = await startEmbeddedRedis(config, logger);
    expect(lives(pid)).to.equal(false);
    const reader = await connect(redis.url);
    expect(await reader.client.get('kept')).to.equal('yes');
    await reader.close();
    await redis.stop();
  });

  it('does not get signals of the terminal', async () => {
    const redis = await startEmbeddedRedis(configOf(folders.make()), logger);
    const access = await connect(redis.url);
    expect(sessionOf(await pidOf(access))).to.not.equal(sessionOf('self'));
    await access.close();
    await redis.stop();
  });

  it('ends by itself when Volt is killed, and the next start waits for that and has the data', async () => {
    const config = configOf(folders.make());
    const child = startChild(owner, { args: [config.dataDir] });
    const url = await child.line();
    const writer = await connect(url);
    await writer.client.set('kept', 'yes');
    const pid = await pidOf(writer);
    await writer.close();
    // it can be told to end, but not end, until it goes on
    process.kill(pid, 'SIGSTOP');
    await until('it stands still', () => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    await child.kill();
    let started = false;
    const starting = startEmbeddedRedis(config, logger).then((redis) => {
      started = true;
      return redis;
    });
    await until('its end has been asked for', () =>
      /^(SigPnd|ShdPnd):\s+0*[1-9a-f]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
    expect(started, 'a second server has been started on the same data').to.equal(false);
    process.kill(pid, 'SIGCONT');

    const redis = await starting;
    expect(lives(pid), 'the former server still runs').to.equal(false);
    expect(readFileSync(join(dataPaths(config.dataDir).redis, 'redis.log'), 'utf8')).to.include('bye bye');
    const reader = await connect(redis.url);
    expect(await reader.client.get('kept')).to.equal('yes');
    await reader.close();
    await redis.stop();
  });

  it('starts although another program has the process id of an earlier server', async () => {
    const config = configOf(folders.make());
    const first = await startEmbeddedRedis(config, logger);
    await (await connect(first.url)).close();
    await first.stop();
    const stranger = await startRedis();
    const access = await connect(stranger.url);
    for (const pid of [process.pid, await pidOf(access)]) {
      writeFileSync(join(dataPaths(config.dataDir).redis, 'redis.pid'), `${pid}\n`);
      const next = await startEmbeddedRedis(config, logger);
      await (await connect(next.url)).close();
      await next.stop();
    }
    await access.close();
    await stranger.stop();
  });

  it('listens on no port without VOLT_REDIS_BIND, and writes no address for runners', async () => {
    const config = configOf(folders.make());
    const redis = await startEmbeddedRedis(config, logger);
    const access = await connect(redis.url);
    const pid = await pidOf(access);
    const listening = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').matchAll(
      /^ *\d+: \w+:\w+ \w+:\w+ 0A .{49,}? (\d+) /gm,
    );
    const own = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
        return inode ?? [];
      }),
    );
    expect([...listening].filter(([, inode = '']) => own.has(inode))).to.deep.equal([]);
    expect(existsSync(dataPaths(config.dataDir).runnerRedisUrl)).to.equal(false);
    await access.close();
    await redis.stop();
  });

  it('listens on VOLT_REDIS_BIND for a user with the rights of a runner', async () => {
    const config = { ...configOf(folders.make()), redisBind: '127.0.0.2' };
    const file = dataPaths(config.dataDir).runnerRedisUrl;
    const redis = await startEmbeddedRedis(config, logger);
    const url = readFileSync(file, 'utf8').trim();
    expect(url).to.match(/^redis:\/\/volt-runner:[0-9a-f]{48}@127\.0\.0\.2:\d+$/);
    expect(mode(file)).to.equal(0o600);
    expect(readFileSync(join(dataPaths(config.dataDir).redis, 'redis.conf'), 'utf8')).to.not.include(
      url.split(/[:@]/)[2],
    );
    for (const address of [redis.url, url, url.replace('127.0.0.2', '127.0.0.1')]) {
      const access = await connect(address);
      const said = await access.client.call('CONFIG', 'GET', 'port').catch((error: Error) => error.message);
      if (address === redis.url) expect(said).to.be.an('array');
      else expect(said).to.match(/NOPERM/);
      await access.close();
    }
    await redis.stop();
    const again = await startEmbeddedRedis(config, logger);
    expect(readFileSync(file, 'utf8').trim(), 'so that runners find it again').to.equal(url);
    await again.stop();
  });

  it('has its socket in a temporary folder when the path of the data directory is too long', async () => {
    const config = configOf(join(folders.make(), 'x'.repeat(100)));
    const redis = await startEmbeddedRedis(config, logger);
    const [, folder = ''] = /@(.*)\/redis\.sock$/.exec(redis.url) ?? [];
    expect(folder).to.match(/\/volt-redis-\w{6}$/);
    expect(mode(folder)).to.equal(0o700);
    await (await connect(redis.url)).close();
    await redis.stop();
    const again = await startEmbeddedRedis(config, logger);
    expect(again.url).to.equal(redis.url);
    await again.stop();
    rmSync(folder, { recursive: true });
  });

  it('fails when it cannot listen on VOLT_REDIS_BIND', async () => {
    const error = await failure('redis_failed', () =>
      startEmbeddedRedis({ ...configOf(folders.make()), redisBind: '192.0.2.1' }, logger),
    );
    expect(error.remedy).to.include('VOLT_REDIS_BIND');
  });
});
