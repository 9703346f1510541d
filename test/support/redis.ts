import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../src/redis/embedded.ts';
import { until } from './until.ts';

export interface TestRedis {
  url: string;
  port: number;
  /** id of the server's process, the last one that was started */
  readonly pid: number;
  /** Kills the server; `start` brings it back with its data. */
  kill(): Promise<void>;
  /** Freezes the server, with its connections open, until it is killed. */
  freeze(): void;
  /** @param further settings for this start; with `loading` it returns while the server still loads its data */
  start(further?: { settings?: string[]; loading?: boolean }): Promise<void>;
  /** Stops the server and deletes its data, so that `start` starts an empty one. */
  empty(): Promise<void>;
  /**
   * Keeps a copy of the present data.
   * @returns kills the server, and starts it with that data, as after a power cut that has cost what was written since
   */
  keepData(): Promise<() => Promise<void>>;
  /**
   * Restarts the server so that it loads its data for a long time: it accepts connections and answers each command with
   * an error.
   * @returns lets it finish loading
   */
  restartLoading(): Promise<() => Promise<void>>;
  /**
   * Makes the server refuse all writes, because its memory is full or because it cannot write its files.
   * @returns makes it accept writes again
   */
  refuseWrites(why: 'memory' | 'files'): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/**
 * A Redis server for the test, with an append-only file.
 * @param options `port` is a free one by default; `folder` is by default a new one, otherwise the caller removes it
 */
export async function startRedis(
  options: { password?: string; settings?: string[]; port?: number; folder?: string | undefined } = {},
): Promise<TestRedis> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'volt-redis-')));
  if (options.folder !== undefined) await mkdir(folder);
  const port = options.port ?? (await freePort());
  const login = options.password ? ['--requirepass', options.password] : [];
  let server: ChildProcess;
  let said = '';
  const start: TestRedis['start'] = async ({ settings = [], loading = false } = {}) => {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''];
    server = spawn(findRedisServer(), [...fixed, ...login, ...(options.settings ?? []), ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    said = '';
    server.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    const wanted = loading ? /Server initialized/i : /Ready to accept connections/i;
    await until('Redis accepts connections', () => wanted.test(said) || server.exitCode !== null);
    if (server.exitCode !== null) throw new Error(`Redis has ended: ${said.slice(-1000)}`);
  };
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  const restartLoading = async () => {
    const client = new Redis(port, '127.0.0.1', { password: options.password ?? '', enableReadyCheck: false });
    client.on('error', () => undefined);
    // each key must take as much room on the disk as in memory
    await client.config('SET', 'rdbcompression', 'no');
    const filler = client.pipeline();
    for (let key = 0; key < 4000; key++) filler.set(`filler:${key}`, 'x'.repeat(200));
    await filler.exec();
    await client.bgrewriteaof();
    await until('its data is in one file', () => /Background AOF rewrite finished successfully/.test(said));
    await kill();
    // 10 ms for each key; it checks connections once for several keys
    const slow = ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'];
    await start({ settings: slow, loading: true });
    await until('it is loading', async () =>
      client.ping().then(
        () => false,
        (error) => String(error).includes('LOADING'),
      ),
    );
    return async () => {
      await client.config('SET', 'key-load-delay', '0');
      await until('Redis accepts connections', () => /Ready to accept connections/i.test(said));
      client.disconnect();
    };
  };
  // each write is in its file before it is answered
  const files = join(folder, 'appendonlydir');
  const keepData: TestRedis['keepData'] = async () => {
    await cp(files, `${files}-kept`, { recursive: true });
    return async () => {
      await kill();
      await rm(files, { recursive: true });
      await cp(`${files}-kept`, files, { recursive: true });
      await start();
    };
  };
  const refuseWrites: TestRedis['refuseWrites'] = async (why) => {
    const client = new Redis(port, '127.0.0.1', { password: options.password ?? '', enableReadyCheck: false });
    const refuses = () =>
      client.set('refused', '').then(
        () => false,
        () => true,
      );
    // a folder at the file's path makes writing fail
    const blocked = join(folder, 'dump.rdb');
    if (why === 'memory') await client.config('SET', 'maxmemory', '1');
    else {
      await mkdir(blocked);
      await client.config('SET', 'save', '3600 1');
      await client.bgsave();
    }
    await until('it refuses writes', refuses);
    return async () => {
      if (why === 'memory') await client.config('SET', 'maxmemory', '0');
      else {
        await client.config('SET', 'save', '');
        await rmdir(blocked);
      }
      await until('it takes writes', async () => !(await refuses()));
      client.disconnect();
    };
  };
  await start();
  return {
    refuseWrites,
    restartLoading,
    keepData,
    url: `redis://${options.password ? `:${options.password}@` : ''}127.0.0.1:${port}`,
    port,
    get pid() {
      return Number(server.pid);
    },
    kill,
    freeze: () => {
      server.kill('SIGSTOP');
    },
    start,
    empty: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
    },
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A port on which nothing listens. It is none of those that the kernel gives to connections and to servers without a port of their
 * own: one of these could take it before it is used, or while its server is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
