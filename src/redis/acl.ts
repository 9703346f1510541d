import { redisKeys } from './keys.ts';

/** Queues that a runner takes from or sends to. */
const queues = ['jobs', 'jobs.*', 'results', 'secrets', 'set-aside'];
/**
 * What it may call, see ACL CAT: nothing that reads or changes the server itself, or looks through its keys; and it only
 * listens to channels: what is told there to another runner, such as an order, comes from Volt. A script may call no more.
 */
const commands = [
  ...['-@all', '+@read', '+@write', '+@connection', '+@transaction', '+@scripting', '+subscribe', '+unsubscribe'],
  ...['-@admin', '-@dangerous', '-scan', '-randomkey', '-dbsize', '-function', '-fcall', '-fcall_ro', '-script|flush'],
  ...['+info', '+client|id', '+client|unblock', '+client|setname', '+client|setinfo', '+time'],
];

/**
 * Rules of ACL SETUSER for a user with whom runners, and nothing but runners, can do their work. What all runners share
 * stays open to each: it can take any job from its queue, and put messages and pieces of logs where all do. What counts of
 * that is decided by signatures.
 * @param prefix VOLT_REDIS_PREFIX
 * @param readOnly whether the server knows keys that a user may read and not write: Redis from version 7, Valkey
 */
export function runnerRules(prefix: string, readOnly = true): string[] {
  const keys = redisKeys(prefix);
  // without such a rule a runner could write to what it reads; what it need not read is closed to it then
  const read = readOnly ? [keys.record, keys.young] : [];
  return [
    ...['resetkeys', 'resetchannels', ...commands],
    ...queues.map((queue) => `~${keys.bull}:${queue}:*`),
    ...[keys.member('runner', '*'), keys.members('runner'), keys.logs].map((key) => `~${key}`),
    ...[keys.labelQueues, keys.runnerKeys, ...read].map((key) => `${readOnly ? '%R' : ''}~${key}`),
    ...[keys.toRunner('*'), keys.newQueue, keys.runnerKeysChanged].map((channel) => `&${channel}`),
  ];
}
