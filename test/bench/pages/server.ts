import type { CompiledQuery } from 'kysely';
import { loadConfig } from '../../../src/kernel/config.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import type { RunnerId } from '../../../src/kernel/model.ts';
import { Queues } from '../../../src/queues/queues.ts';
import { Database } from '../../../src/record/database.ts';
import { connectRedis, type RedisAccess } from '../../../src/redis/connect.ts';
import { writeHeartbeat } from '../../../src/redis/membership.ts';
import { ownProcess } from '../../../src/redis/process-identity.ts';
import { ensureToken } from '../../../src/web/access/main-token.ts';
import { startWeb } from '../../../src/web/start.ts';
import { startRedis } from '../../support/redis.ts';

/** The web stage on an existing database, with its own Redis server and fake heartbeats of a fleet. */
export class PageServer {
  readonly database: Database;
  readonly url: string;
  readonly token: string;
  readonly #stop: () => Promise<void>;

  private constructor(database: Database, url: string, token: string, stop: () => Promise<void>) {
    this.database = database;
    this.url = url;
    this.token = token;
    this.#stop = stop;
  }

  static async start(dataDir: string): Promise<PageServer> {
    const redis = await startRedis();
    const config = loadConfig({ logLevel: 'error', dataDir });
    const logger = createLogger(config.logLevel);
    const access = await connectRedis(config, redis.url, logger);
    const database = await Database.open(config);
    const queues = new Queues(access, logger);
    const web = await startWeb({ config, access, queues, logger, database }, { host: '127.0.0.1', port: 0 });
    await beatAll(access);
    const beats = setInterval(() => void beatAll(access), 1000);
    return new PageServer(database, web.url, ensureToken(config), async () => {
      clearInterval(beats);
      await web.stop();
      await queues.close();
      await access.close();
      await database.close();
      await redis.stop();
    });
  }

  stop = () => this.#stop();

  fetch(path: string): Promise<Response> {
    return fetch(this.url + path, {
      redirect: 'manual',
      headers: { authorization: `Bearer ${this.token}`, accept: path.startsWith('/api/') ? '*/*' : 'text/html' },
    });
  }

  /**
   * Reports each query from now on, with its duration (ms).
   * @returns ends that
   */
  watch(tell: (query: CompiledQuery, ms: number) => void): () => void {
    const executor = this.database.db.getExecutor();
    const execute = executor.executeQuery;
    executor.executeQuery = async (query) => {
      const begin = performance.now();
      const result = await execute.call(executor, query);
      tell(query, performance.now() - begin);
      return result as never;
    };
    return () => {
      executor.executeQuery = execute;
    };
  }
}

async function beatAll(access: RedisAccess): Promise<void> {
  const time = new Date().toISOString();
  const member = <Id extends string>(id: Id) => ({
    ...{ ...ownProcess(), id, version: '0.1.0', startedAt: time, heartbeatAt: time },
  });
  const kinds = ['observer', 'dispatcher', 'reporter'] as const;
  for (const kind of kinds) await writeHeartbeat(access, kind, member(`${kind}-1`));
  for (let index = 1; index <= 12; index++) {
    const name = `box-${index}`;
    const more = { labels: ['linux', 'x64'], slots: 2, running: [], reporting: [], scopes: [], load: index / 4 };
    await writeHeartbeat(access, 'runner', { ...member(`${name}~1` as RunnerId), name, ...more });
  }
}
