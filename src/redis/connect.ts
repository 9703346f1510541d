import type { Redis } from 'ioredis';
import type { Config } from '../kernel/config.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { askServer } from './ask-server.ts';
import { openWaiting, type RedisConnection } from './connection.ts';
import { type RedisKeys, redisKeys } from './keys.ts';
import type { Needs } from './rights.ts';
import { unfitness } from './server-facts.ts';
import { ServerRuns } from './server-run.ts';
import { withoutPassword } from './url.ts';

export type { RedisConnection } from './connection.ts';

/** One process's access to Redis: a connection for commands and subscriptions, and the options for further ones. */
export interface RedisAccess {
  readonly url: string;
  /** for commands that do not block, and for subscriptions (RESP3 allows both on one connection) */
  readonly client: RedisConnection;
  readonly keys: RedisKeys;
  /** which run of the server `client` speaks to */
  readonly serverRuns: ServerRuns;
  /** A further connection, for blocking reads; the caller closes it. */
  open(name: string): RedisConnection;
  /** Closes the connection for commands: waiting and later commands fail at once. */
  close(): Promise<void>;
}

/**
 * Connects, and checks that the server is fit for Volt and gives the user its rights.
 * @param timeout milliseconds to keep trying while nothing answers
 * @param whose user: Volt's main user, or that of runners
 * @throws VoltError as `askServer`
 */
export async function connectRedis(
  config: Pick<Config, 'redisPrefix'>,
  url: string,
  logger: Logger,
  timeout = 10_000,
  whose: Needs['whose'] = 'volt',
): Promise<RedisAccess> {
  const facts = await askServer(url, logger, timeout, { prefix: config.redisPrefix, whose });
  for (const { fatal, message, remedy } of unfitness(facts)) {
    if (fatal) throw new VoltError('redis_unfit', `Redis at ${withoutPassword(url)} ${message}`, { remedy });
    logger.warn(`Redis ${message}`, { remedy });
  }
  const client = openWaiting(url, 'volt');
  reportOutages(client, logger, url);
  // one listener for each channel and object of BullMQ, which adds to the number: 0 would not mean "any"
  client.setMaxListeners(10_000);
  return {
    url,
    client,
    keys: redisKeys(config.redisPrefix),
    serverRuns: new ServerRuns(client),
    open: (name) => openWaiting(url, name),
    close: async () => client.disconnect(),
  };
}

let reconnected = 0;

/** How often this process has lost and restored its connection to Redis. */
export function reconnects(): number {
  return reconnected;
}

/** Logs an outage once at its begin and once at its end, not at every try. */
function reportOutages(redis: Redis, logger: Logger, url: string): void {
  let down = false;
  redis.on('error', (error) => {
    if (!down)
      logger.warn(`Redis at ${withoutPassword(url)} does not answer; trying again until it does`, {
        error: errorText(error),
      });
    down = true;
  });
  redis.on('ready', () => {
    if (down) {
      reconnected++;
      logger.info(`Redis at ${withoutPassword(url)} answers again`);
    }
    down = false;
  });
}
