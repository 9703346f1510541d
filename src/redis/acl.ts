import { redisKeys } from './keys.ts';

/** Queues that a runner reads or writes. */
const queues = ['jobs', 'jobs.*', 'results', 'secrets', 'set-aside'];
/**
 * Commands of a runner, see ACL CAT: none that reads or changes the server itself or searches its keys. A runner may subscribe
 * to channels and not publish, so that orders to other runners come from Volt alone. Scripts have the same limits.
 */
const commands = [
  ...['-@all', '+@read', '+@write', '+@connection', '+@transaction', '+@scripting', '+subscribe', '+unsubscribe'],
  ...['-@admin', '-@dangerous', '-scan', '-randomkey', '-dbsize', '-function', '-fcall', '-fcall_ro', '-script|flush'],
  ...['+info', '+client|id', '+client|unblock', '+client|setname', '+client|setinfo', '+time'],
];

/**
 * Rules of ACL SETUSER for the user of runners. Keys that all runners share stay open to each: it can take any job from its
 * queue, send results and write log chunks. Signatures decide which of them count.
 * @param prefix VOLT_REDIS_PREFIX
 * @param readOnly whether the server supports read-only keys (`%R~`): Redis from version 7, Valkey
 */
export function runnerRules(prefix: string, readOnly = true): string[] {
  const keys = redisKeys(prefix);
  // a server without read-only keys would let the runner write these, so it may not read them there
  const read = readOnly ? [keys.record, keys.young] : [];
  return [
    ...['resetkeys', 'resetchannels', ...commands],
    ...queues.map((queue) => `~${keys.bull}:${queue}:*`),
    ...[keys.member('runner', '*'), keys.members('runner'), keys.logs].map((key) => `~${key}`),
    ...[keys.labelQueues, keys.runnerKeys, ...read].map((key) => `${readOnly ? '%R' : ''}~${key}`),
    ...[keys.toRunner('*'), keys.newQueue, keys.runnerKeysChanged].map((channel) => `&${channel}`),
  ];
}
