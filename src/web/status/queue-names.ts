import { observeQueue } from '../../queues/names.ts';
import { repositoryHosts } from '../../record/repository-hosts.ts';
import type { StatusSources } from './sources.ts';

/** Names of all queues: those that every process knows, and, if the database answers, those of machines with repositories. */
export async function queueNames({ queues, database }: Pick<StatusSources, 'queues' | 'database'>): Promise<string[]> {
  const [known, hosts] = await Promise.all([queues.names(), repositoryHosts(database).catch(() => [])]);
  return [...new Set([...known, ...hosts.map(observeQueue)])].sort();
}
