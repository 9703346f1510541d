import { counted } from '../../../kernel/counted.ts';
import { observeQueue } from '../../../queues/names.ts';
import { listRepositories } from '../../../record/repositories.ts';
import type { Finding } from '../finding.ts';
import { type DeepCheck, mended, orFine, wrong } from './check.ts';

const check = 'polls';

/** Compares the schedules of polls with the repositories: each has one, in the queue of its machine. */
export async function pollScheduleFindings({ database, redis, mend }: DeepCheck): Promise<Finding[]> {
  if (!redis) return [];
  const { client, keys } = redis.access;
  const wanted = new Map((await listRepositories(database)).map(({ name, host }) => [name, observeQueue(host)]));
  const [before, after] = [`${keys.bull}:`, ':repeat'];
  const queues = new Set<string>();
  for await (const names of client.scanStream({ match: `${before}observe*${after}`, count: 1000 })) {
    for (const name of names as string[]) queues.add(name.slice(before.length, -after.length));
  }
  const stray: string[] = [];
  for (const name of queues) {
    const queue = redis.queues.queue(name);
    for (const { key } of await queue.getJobSchedulers()) {
      if (wanted.get(key) === name) continue;
      stray.push(`${key} in "${name}"`);
      if (mend) await queue.removeJobScheduler(key);
    }
  }
  const findings = wrong(check, stray, ['poll schedule', 'without a repository'], mended(mend, 'it is removed'));
  return orFine(findings, check, `${counted(wanted.size, 'repository')} with one schedule each`);
}
