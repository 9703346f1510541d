import type { Redis } from 'ioredis';
import { errorText } from '../kernel/errors.ts';
import { redisKeys } from './keys.ts';

/** Which rights a user of Redis needs: those of Volt, or those of runners only. */
export interface Needs {
  /** VOLT_REDIS_PREFIX */
  prefix: string;
  whose: 'volt' | 'runner';
}

/**
 * Commands that every process of Volt sends, directly or in scripts of BullMQ and Volt, each with the fewest valid arguments. `k`
 * is a key.
 */
const forAll = [
  ...['info', 'ping', 'time', 'eval s 1 k', 'evalsha s 1 k', 'script EXISTS s', 'script LOAD s'],
  ...['get k', 'set k v', 'mget k', 'del k', 'exists k', 'incr k', 'pexpire k 1', 'persist k', 'pttl k'],
  ...['hget k f', 'hset k f v', 'hmget k f', 'hmset k f v', 'hgetall k', 'hdel k f', 'hexists k f', 'hincrby k f 1'],
  ...['llen k', 'lindex k 0', 'lrange k 0 0', 'lpush k v', 'lrem k 0 v', 'ltrim k 0 0', 'rpop k', 'rpoplpush k k'],
  ...['sadd k v', 'srem k v', 'scard k', 'smembers k'],
  ...['zadd k 0 v', 'zrem k v', 'zcard k', 'zcount k 0 0', 'zscore k v', 'zrange k 0 0', 'zrangebyscore k 0 0'],
  ...['zrevrange k 0 0', 'zrevrangebyscore k 0 0', 'zremrangebyrank k 0 0', 'zremrangebyscore k 0 0', 'zpopmin k'],
  ...['xadd k * f v', 'xtrim k MAXLEN 0', 'xrange k - +'],
];
const runners = ['bzpopmin k 1', 'client ID', 'client UNBLOCK 0'];
const stages = [
  ...['scan 0', 'unlink k', 'hincrbyfloat k f 1', 'lpos k v', 'publish c m', 'bzpopmin k 1'],
  ...['xgroup CREATE k g 0', 'xinfo CONSUMERS k g', 'xreadgroup GROUP g c STREAMS k >', 'xautoclaim k g c 0 0'],
  ...['xack k g 0-1', 'xdel k 0-1'],
];

/** @returns the commands that a user needs, as rules of ACL SETUSER */
export function neededCommands(whose: Needs['whose']): string[] {
  return ['+multi', '+exec', '+discard', '+subscribe', '+unsubscribe', ...commandsOf(whose).map(ruleOf)];
}

function commandsOf(whose: Needs['whose']): string[] {
  return [...forAll, ...(whose === 'runner' ? runners : [...runners, ...stages])];
}

/** Subcommands are rights of their own. */
function ruleOf(command: string): string {
  const [name, second = ''] = command.split(' ');
  return ['client', 'script', 'xgroup', 'xinfo'].includes(name ?? '') ? `+${name}|${second.toLowerCase()}` : `+${name}`;
}

/**
 * The rights that the user of a connection lacks. Redis checks them when it queues a command of a transaction, so each command is
 * queued in one that is then discarded: none is executed.
 * @returns rules of ACL SETUSER
 * @throws what ioredis throws where the server cannot be asked
 */
export async function missingRights(redis: Redis, { prefix, whose }: Needs): Promise<string[]> {
  const keys = redisKeys(prefix);
  const channel = whose === 'volt' ? keys.changes : keys.toRunner('rights');
  const key = `${keys.bull}:results:rights`;
  const missing = new Set<string>();
  const note = (rule: string) => (error: unknown) => {
    const text = errorText(error);
    if (!text.includes('NOPERM')) return;
    missing.add(/\bkeys?\b/.test(text) ? `~${keys.all}` : /\bchannels?\b/.test(text) ? `&${keys.all}` : rule);
  };
  await redis.subscribe(channel).then(() => redis.unsubscribe(channel), note('+subscribe'));
  const started = await redis.call('MULTI').catch(note('+multi'));
  // outside of a transaction they would be executed
  if (started !== 'OK') return [...missing];
  const words: { [word: string]: string } = { k: key, c: channel };
  await Promise.all(
    commandsOf(whose).map(async (command) => {
      const [name = '', ...args] = command.split(' ');
      await redis.call(name, ...args.map((word) => words[word] ?? word)).catch(note(ruleOf(command)));
    }),
  );
  await redis.call('DISCARD').catch(note('+discard'));
  return [...missing].sort();
}
