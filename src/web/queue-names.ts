import { observeQueue } from '../queues/names.ts';
import { listRepositories } from '../record/repositories.ts';
import type { Web } from './context.ts';

/** Names of all queues: those that every process knows, and those of the machines that repositories are paths on. */
export async function queueNames({ queues, record }: Pick<Web, 'queues' | 'record'>): Promise<string[]> {
  const [known, repositories] = await Promise.all([queues.names(), listRepositories(record)]);
  return [...new Set([...known, ...repositories.map(({ host }) => observeQueue(host))])].sort();
}
