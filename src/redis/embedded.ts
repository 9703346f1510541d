import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { toolEnvironment } from '../kernel/environment.ts';
import { VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../kernel/wait.ts';
import { endUnkept, outlivesKeeper, shutdownTimeout, waitForFormer } from './server-process.ts';

/**
 * A private server. Its states:
 * `kept`: the keeper lives, and ends when the server does → `gone`;
 * `kept` → (only the keeper is killed) `unkept`: the server lives on, and nothing is started beside it; it still ends
 * when Volt does → (it ends) `gone`;
 * `gone` → `kept`: it is started again, unless Volt is stopping.
 */
export interface EmbeddedRedis {
  url: string;
  /** Resolves when the server has written everything and ended. */
  stop(): Promise<void>;
}

/**
 * Keeps the server in a session of its own, out of reach of Ctrl-C, and ends it cleanly when the pipe on descriptor 3
 * closes, which it does when Volt ends in whatever way.
 */
const keeper = `
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -TERM "$server"; } & watch=$!
exec 3<&-
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"`;

/**
 * Starts a private server in the data directory, on a free port that it keeps for later starts, with a password and an
 * append-only file. It is started again when it ends by itself. The caller holds the lock on the data directory.
 * @throws VoltError `redis_missing` or `redis_failed`
 */
export async function startEmbeddedRedis(config: Config, logger: Logger): Promise<EmbeddedRedis> {
  const paths = dataPaths(config.dataDir);
  mkdirSync(paths.redis, { recursive: true, mode: 0o700 });
  const program = findRedisServer();
  await waitForFormer(paths.redis);
  const { port, password } = await address(paths.redisUrl, config.redisBind);
  const url = `redis://:${password}@127.0.0.1:${port}`;
  writeFileSync(join(paths.redis, 'redis.conf'), serverSettings(config, paths.redis, port, password), { mode: 0o600 });
  writeFileSync(paths.redisUrl, `${url}\n`, { mode: 0o600 });

  let stopping = false;
  let child: ChildProcess;
  let ended: Promise<void>;
  const run = () => {
    child = spawn('sh', ['-c', keeper, 'volt-redis', program, join(paths.redis, 'redis.conf')], {
      cwd: paths.redis,
      detached: true,
      env: toolEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    // the pipe and the child must not keep a finished Volt alive
    child.unref();
    ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    const startedAt = Date.now();
    void ended.then(async () => {
      if (await outlivesKeeper(paths.redis, logger, () => stopping)) child.stdio[3]?.destroy();
      if (stopping) return;
      logger.warn(
        `the embedded Redis has ended by itself; starting it again: ${lastLine(join(paths.redis, 'redis.log'))}`,
      );
      // one that cannot run is not to be started in a tight loop
      await pause(Date.now() - startedAt < 2000 ? 1000 : 100);
      if (!stopping) run();
    });
  };
  run();
  return {
    url,
    stop: async () => {
      stopping = true;
      child.stdio[3]?.destroy();
      child.ref();
      await ended;
      await endUnkept(paths.redis);
    },
  };
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return 'it has left no log';
  }
}

/** The line that joins a runner from another machine, or undefined while the server listens to this machine only. */
export function joinUrl(config: Config, url: string): string | undefined {
  if (['127.0.0.1', '::1', 'localhost'].includes(config.redisBind)) return undefined;
  return url.replace('127.0.0.1', config.redisBind === '0.0.0.0' ? config.host : config.redisBind);
}

/** Loopback is always among them; a wildcard stands for itself, since the server cannot listen there twice. */
function bindAddresses(bind: string): string[] {
  return [...new Set(/^(0\.0\.0\.0|::|\*)$/.test(bind) ? [bind] : ['127.0.0.1', bind])];
}

/** Settings are those of Redis 6.2 and newer and of Valkey. */
function serverSettings(config: Config, dir: string, port: number, password: string): string {
  return [
    `bind ${bindAddresses(config.redisBind).join(' ')}`,
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(dir)}`,
    'pidfile redis.pid',
    'logfile redis.log',
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    `shutdown-timeout ${shutdownTimeout}`,
    // half of Redis's own: a server that rests uses its processor for little else
    'hz 5',
    '',
  ].join('\n');
}

/** The port and password of the last start, where the port is still free, so that runners elsewhere find Redis again. */
async function address(file: string, bind: string): Promise<{ port: number; password: string }> {
  const former = existsSync(file)
    ? /^redis:\/\/:([0-9a-f]+)@127\.0\.0\.1:(\d+)/.exec(readFileSync(file, 'utf8'))
    : null;
  const password = former?.[1] ?? randomBytes(24).toString('hex');
  const port = (former && (await freePort(bind, Number(former[2])))) || (await freePort(bind, 0));
  if (port === undefined) {
    throw new VoltError('redis_failed', `no free port for Redis on ${bind}`, {
      remedy: 'Set VOLT_REDIS_BIND to an address of this machine.',
    });
  }
  return { port, password };
}

/** The port where it can be listened on, a free one for 0, else undefined. */
function freePort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound ? bound.port : undefined));
    });
  });
}

/** @throws VoltError `redis_missing` */
export function findRedisServer(): string {
  const folders = [
    ...(toolEnvironment().PATH ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/bin',
    '/usr/local/sbin',
    '/usr/sbin',
  ];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders.filter((entry) => entry !== '')) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  throw new VoltError('redis_missing', 'there is no redis-server or valkey-server on this machine', {
    remedy: 'Install one (Debian, Ubuntu: apt-get install redis-server), or set VOLT_REDIS_URL.',
  });
}
