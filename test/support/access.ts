import { connectRedis, type RedisAccess } from '../../src/redis/connect.ts';
import { keepLog, type TestLogger } from './logger.ts';
import { startRedis, type TestRedis } from './redis.ts';

/** A Redis server for the test file, and Volt's access to it. */
export interface TestAccess extends TestLogger {
  redis: TestRedis;
  access: RedisAccess;
  /** The access of another process to the same server. */
  another(): Promise<RedisAccess>;
  stop(): Promise<void>;
}

export async function startAccess(): Promise<TestAccess> {
  const redis = await startRedis();
  const log = keepLog();
  const opened: RedisAccess[] = [];
  const another = async () => {
    const access = await connectRedis({ redisPrefix: 'volt' }, redis.url, log.logger);
    opened.push(access);
    return access;
  };
  return {
    ...log,
    redis,
    access: await another(),
    another,
    stop: async () => {
      for (const access of opened) await access.close();
      await redis.stop();
    },
  };
}
