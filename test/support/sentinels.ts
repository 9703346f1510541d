import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../src/redis/embedded.ts';
import { freePort } from './redis.ts';
import { until } from './until.ts';

const password = 'watched';

/** A master, a replica and three sentinels, each a real server. */
export class Sentinels {
  /** in the form of VOLT_REDIS_URL */
  readonly url: string;
  readonly #folder: string;
  readonly #servers = new Map<number, ChildProcess>();
  readonly #sentinels: number[];

  private constructor(folder: string, sentinels: number[]) {
    this.#folder = folder;
    this.#sentinels = sentinels;
    const hosts = sentinels.map((port) => `127.0.0.1:${port}`).join(',');
    this.url = `redis+sentinel://:${password}@${hosts}/volt-master`;
  }

  static async start(): Promise<Sentinels> {
    const ports = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
    const [master, replica, ...sentinels] = ports as [number, number, ...number[]];
    const watched = new Sentinels(mkdtempSync(join(tmpdir(), 'volt-sentinels-')), sentinels);
    const data = [`requirepass ${password}`, `masterauth ${password}`, 'appendonly yes', 'save ""'];
    watched.#run(master, data);
    watched.#run(replica, [...data, `replicaof 127.0.0.1 ${master}`]);
    await watched.#asks(replica, 'the replica follows', async (redis) =>
      (await redis.info('replication')).includes('master_link_status:up'),
    );
    for (const port of sentinels) {
      watched.#run(
        port,
        [
          `requirepass ${password}`,
          `sentinel monitor volt-master 127.0.0.1 ${master} 2`,
          `sentinel auth-pass volt-master ${password}`,
          'sentinel down-after-milliseconds volt-master 1000',
          'sentinel failover-timeout volt-master 5000',
        ],
        ['--sentinel'],
      );
    }
    for (const port of sentinels) {
      await watched.#asks(port, 'a sentinel knows all others', async (redis) => {
        const state = await watched.#master(redis);
        return state.get('num-other-sentinels') === '2' && state.get('num-slaves') === '1';
      });
    }
    return watched;
  }

  /** Port of the current master, according to the sentinels. */
  async master(): Promise<number> {
    let port = 0;
    await this.#asks(this.#sentinels[0] as number, 'a sentinel names the master', async (redis) => {
      port = Number((await this.#master(redis)).get('port'));
      return port > 0;
    });
    return port;
  }

  /** Cuts the replica off from this master, as long as the master lives. */
  async deafenReplica(master: number): Promise<void> {
    const replica = [...this.#servers.keys()].find((port) => port !== master && !this.#sentinels.includes(port));
    await this.#asks(replica as number, 'the replica hears nothing', async (redis) => {
      await redis.config('SET', 'masterauth', 'wrong');
      await redis.call('CLIENT', 'KILL', 'TYPE', 'master');
      return (await redis.info('replication')).includes('master_link_status:down');
    });
  }

  /** Kills a server. */
  async kill(port: number): Promise<void> {
    const server = this.#servers.get(port);
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  /** Restarts a server after another one became the master, and resolves when it follows the new master. */
  async restart(port: number): Promise<void> {
    this.#start(port);
    const follows = async (redis: Redis) => {
      const state = await redis.info('replication');
      return state.includes('role:slave') && state.includes('master_link_status:up');
    };
    // the sentinels wait for a while before they demote a server that considers itself the master
    await this.#asks(port, 'it follows the new master', follows, 60_000);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.keys()].map((port) => this.kill(port)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(port: number, settings: string[], args: string[] = []): void {
    const dir = join(this.#folder, String(port));
    mkdirSync(dir);
    const file = join(dir, 'redis.conf');
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...settings, ''].join('\n'));
    this.#start(port, args);
  }

  #start(port: number, args: string[] = []): void {
    const file = join(this.#folder, String(port), 'redis.conf');
    this.#servers.set(port, spawn(findRedisServer(), [file, ...args], { stdio: 'ignore' }));
  }

  async #asks(
    port: number,
    what: string,
    condition: (redis: Redis) => Promise<boolean>,
    timeout?: number,
  ): Promise<void> {
    const redis = new Redis({ port, host: '127.0.0.1', password, maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    try {
      await until(what, () => condition(redis), timeout);
    } finally {
      redis.disconnect();
    }
  }

  async #master(redis: Redis): Promise<Map<string, string>> {
    const fields = (await redis.call('SENTINEL', 'MASTER', 'volt-master')) as string[];
    return new Map(fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] as string]] : [])));
  }
}

/** A sentinel that watches no master. */
export async function startSentinel(): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-sentinel-'));
  const port = await freePort();
  const file = join(folder, 'redis.conf');
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ''].join('\n'));
  const server = spawn(findRedisServer(), [file, '--sentinel'], { stdio: 'ignore' });
  const redis = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, enableReadyCheck: false });
  redis.on('error', () => undefined);
  await redis.ping();
  redis.disconnect();
  return {
    port,
    stop: async () => {
      server.kill('SIGKILL');
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
