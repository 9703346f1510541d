import { redisKeys } from './keys.ts';

/** Queues that a runner takes from or sends to. */
const queues = ['jobs', 'jobs.*', 'results', 'secrets', 'set-aside'];
/** What it may call, see ACL CAT: nothing that reads or changes the server itself, or looks through its keys. */
const commands = [
  ...['-@all', '+@read', '+@write', '+@connection', '+@transaction', '+@scripting', '+@pubsub'],
  ...['-@admin', '-@dangerous', '-scan', '-randomkey', '-dbsize', '-pubsub', '-function', '-script|flush'],
  ...['+info', '+client|id', '+client|unblock', '+client|setname', '+client|setinfo'],
];

/**
 * Rules of ACL SETUSER for a user with whom runners, and nothing but runners, can do their work. What all runners share
 * stays open to each: it can take, read and answer for any job.
 * @param prefix VOLT_REDIS_PREFIX
 */
export function runnerRules(prefix: string): string[] {
  const keys = redisKeys(prefix);
  const shared = [keys.members('runner'), keys.labelQueues, keys.logs, keys.tallies, keys.record, keys.young];
  return [
    ...['resetkeys', 'resetchannels', ...commands],
    ...queues.map((queue) => `~${keys.bull}:${queue}:*`),
    ...[keys.member('runner', '*'), ...shared].map((key) => `~${key}`),
    ...[keys.toRunner('*'), keys.newQueue, keys.changes].map((channel) => `&${channel}`),
  ];
}
