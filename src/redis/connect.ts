import type { Redis } from 'ioredis';
import type { Config } from '../kernel/config.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../kernel/wait.ts';
import { openPatient, type RedisConnection } from './connection.ts';
import { type RedisKeys, redisKeys } from './keys.ts';
import { openProbe } from './probe.ts';
import { type ServerFacts, serverFacts, unfitness } from './server.ts';
import { parseRedisUrl, type RedisAddress, withoutPassword } from './url.ts';

export type { RedisConnection } from './connection.ts';

/** One process's access to Redis: a connection for commands and subscriptions, and the options for further ones. */
export interface RedisAccess {
  readonly url: string;
  /** for commands that do not block, and for subscriptions (RESP3 allows both on one connection) */
  readonly client: RedisConnection;
  readonly keys: RedisKeys;
  /** A further connection, for blocking reads; the caller closes it. */
  open(name: string): RedisConnection;
  /** Ends the connection for commands: what waits for the server, or is asked of it from now on, fails at once. */
  close(): Promise<void>;
}

/**
 * Connects and makes sure that the server is fit to carry Volt.
 * @param patience milliseconds to keep trying while nothing answers
 * @throws VoltError `redis_unreachable`, `redis_denied` or `redis_unfit`
 */
export async function connectRedis(
  config: Pick<Config, 'redisPrefix'>,
  url: string,
  logger: Logger,
  patience = 10_000,
): Promise<RedisAccess> {
  const facts = await askServer(url, logger, patience);
  for (const { fatal, message, remedy } of unfitness(facts)) {
    if (fatal) throw new VoltError('redis_unfit', `Redis at ${withoutPassword(url)} ${message}`, { remedy });
    logger.warn(`Redis ${message}`, { remedy });
  }
  const client = openPatient(url, 'volt');
  reportOutages(client, logger, url);
  // one listener for each channel and each of BullMQ's objects; BullMQ adds to the number, so 0 would not mean "any"
  client.setMaxListeners(10_000);
  return {
    url,
    client,
    keys: redisKeys(config.redisPrefix),
    open: (name) => openPatient(url, name),
    close: async () => client.disconnect(),
  };
}

let reconnected = 0;

/** How often this process has lost Redis and found it again. */
export function reconnects(): number {
  return reconnected;
}

/** Says once that the server is gone and once that it is back, instead of once a try. */
function reportOutages(redis: Redis, logger: Logger, url: string): void {
  let down = false;
  redis.on('error', (error) => {
    if (!down)
      logger.warn(`Redis at ${withoutPassword(url)} does not answer; trying until it does`, {
        error: errorText(error),
      });
    down = true;
  });
  redis.on('ready', () => {
    if (down) {
      reconnected++;
      logger.info(`Redis at ${withoutPassword(url)} is back`);
    }
    down = false;
  });
}

/**
 * So many looks (milliseconds between them) without an answer, and it is said that a server is being waited for. They are
 * counted, since a process that is held up itself, as by loading its modules, is not waiting for anybody.
 */
const silence = { looks: 10, interval: 100 };
/** Milliseconds between words about a server that loads its data. */
const progressInterval = 5000;

/**
 * What the server says of itself. While it does not answer that is logged, so that nobody waits without knowing for
 * what. One that loads its data is waited for as long as it does that, however large they are.
 * @param patience milliseconds to keep trying while nothing answers; 0 for one try, which waits for no data either
 * @throws VoltError `redis_unreachable`, `redis_denied`, `redis_unknown`, `redis_unfit`
 */
export async function askServer(url: string, logger: Logger, patience: number): Promise<ServerFacts> {
  let until = Date.now() + patience;
  let said = 0;
  const where = `Redis at ${withoutPassword(url)}`;
  let looks = 0;
  const saying = setInterval(() => {
    if (++looks === silence.looks) logger.warn(`${where} does not answer; trying for ${patience / 1000} s`);
  }, silence.interval);
  try {
    for (;;) {
      const answer = await tryServer(url);
      if (typeof answer !== 'string' && !answer.loading) return answer;
      if (typeof answer !== 'string' && patience > 0) {
        until = Date.now() + patience;
        clearInterval(saying);
        if (Date.now() - said > progressInterval) {
          const { percent = 0, secondsLeft = 0 } = answer.progress ?? {};
          logger.warn(`${where} loads its data: ${Math.floor(percent)} %, about ${secondsLeft} s left; waiting for it`);
          said = Date.now();
        }
      } else if (Date.now() > until) {
        const why = typeof answer === 'string' ? answer : 'it still loads its data';
        throw new VoltError('redis_unreachable', `${where} cannot be reached: ${why}`, {
          remedy: 'Start the server, or correct VOLT_REDIS_URL or --redis.',
        });
      }
      await pause(200);
    }
  } finally {
    clearInterval(saying);
  }
}

/** One try. @returns what the server says of itself, or why it could not be asked */
async function tryServer(url: string): Promise<ServerFacts | string> {
  const address = parseRedisUrl(url);
  // an address that swallows everything must not make the wait longer than it may be
  const probe = openProbe(address, 3000, { commandTimeout: 3000 });
  let reason = '';
  probe.on('error', (error) => {
    reason = errorText(error);
  });
  let masterUnknown = false;
  probe.on('sentinelError', (error) => {
    // said by a sentinel itself, or by ioredis where it names no server
    masterUnknown ||= /No such master|invalid reply/.test(errorText(error));
  });
  try {
    await probe.connect();
    const facts = await serverFacts(probe);
    if (!facts.loading) await selectDatabase(probe, address, url);
    return facts;
  } catch (error) {
    if (error instanceof VoltError) throw error;
    if (masterUnknown) return `its sentinels know no master "${address.name}"`;
    const text = errorText(error);
    reason = /NOAUTH|WRONGPASS|NOPERM/.test(text) ? text : reason || text;
    if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) {
      throw new VoltError('redis_denied', `Redis at ${withoutPassword(url)} refuses the password: ${reason}`, {
        remedy: 'Give the right user and password in VOLT_REDIS_URL or --redis.',
      });
    }
    if (/Protocol error|Unknown RESP type/.test(reason)) {
      throw new VoltError('redis_unknown', `what answers at ${withoutPassword(url)} is no Redis: ${reason}`, {
        remedy: 'Correct VOLT_REDIS_URL or --redis; something else listens on that port.',
      });
    }
    return reason;
  } finally {
    probe.disconnect();
  }
}

/**
 * Makes sure that the server has the database that the address names: ioredis selects it, too, but goes on in database 0
 * where that fails, and would meet there whatever was to be kept apart.
 * @throws VoltError `redis_unfit`
 */
async function selectDatabase(probe: Redis, { db = 0 }: RedisAddress, url: string): Promise<void> {
  if (db === 0) return;
  try {
    await probe.select(db);
  } catch (error) {
    if (!/out of range|invalid DB index|not allowed in cluster mode/i.test(errorText(error))) throw error;
    throw new VoltError('redis_unfit', `Redis at ${withoutPassword(url)} has no database ${db}`, {
      remedy:
        'Name one that it has (by default 0 to 15) in VOLT_REDIS_URL or --redis, or raise "databases" in its settings.',
      cause: error,
    });
  }
}
