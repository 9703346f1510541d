import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer } from '../../src/redis/embedded.ts';
import { until } from './until.ts';

export interface TestRedis {
  url: string;
  port: number;
  /** Ends the server at once, as a crash would; `start` brings it back with its data. */
  kill(): Promise<void>;
  /** @param further settings for this start; `loading` to return while the server still loads its data */
  start(further?: { settings?: string[]; loading?: boolean }): Promise<void>;
  /** Ends the server and takes away all that it had, so that `start` brings an empty one to its place. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis server of the test's own, on a free port and in a folder of its own, with an append-only file. */
export async function startRedis(options: { password?: string; settings?: string[] } = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'volt-redis-'));
  const port = await freePort();
  const login = options.password ? ['--requirepass', options.password] : [];
  let server: ChildProcess;
  const start: TestRedis['start'] = async ({ settings = [], loading = false } = {}) => {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--save', ''];
    server = spawn(findRedisServer(), [...fixed, ...login, ...(options.settings ?? []), ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    server.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    const wanted = loading ? /Server initialized/i : /Ready to accept connections/i;
    await until('Redis accepts connections', () => wanted.test(said));
  };
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  await start();
  return {
    url: `redis://${options.password ? `:${options.password}@` : ''}127.0.0.1:${port}`,
    port,
    kill,
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
