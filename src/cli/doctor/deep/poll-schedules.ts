import { observeQueue } from '../../../queues/names.ts';
import { listRepositories } from '../../../record/repositories.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** The schedules of polls in Redis against the repositories: each has one, in the queue of its machine. */
export async function pollScheduleFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  if (!redis) return [];
  const { queues } = redis;
  const wanted = new Map((await listRepositories(database)).map(({ name, host }) => [name, observeQueue(host)]));
  const vain: string[] = [];
  for (const name of await observeQueues(redis)) {
    const queue = queues.queue(name);
    for (const { key } of await queue.getJobSchedulers()) {
      if (wanted.get(key) === name) continue;
      vain.push(`${key} in "${name}"`);
      if (mend) await queue.removeJobScheduler(key);
    }
  }
  if (vain.length === 0) return [ok('polls', `those of ${counted(wanted.size, 'repository')} are scheduled once`)];
  const message = `${counted(vain.length, 'schedule')} of polls that no repository has there: ${listed(vain)}`;
  return [warn('polls', message, mended(mend, 'it is removed'))];
}

/** Names of the queues of polls that Redis has. */
async function observeQueues({ access: { client, keys } }: NonNullable<DeepCheck['redis']>): Promise<string[]> {
  const found = new Set<string>();
  const [before, after] = [`${keys.bull}:`, ':repeat'];
  for await (const names of client.scanStream({ match: `${before}observe*${after}`, count: 1000 })) {
    for (const name of names as string[]) found.add(name.slice(before.length, -after.length));
  }
  return [...found];
}
