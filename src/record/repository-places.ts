import type { Record } from './record.ts';

/** A repository that is a path on a machine. */
export interface RepositoryPlace {
  name: string;
  url: string;
  host: string;
}

/** The machines that observed repositories are paths on; null where some are fetched from an address. */
export async function repositoryHosts(record: Record): Promise<(string | null)[]> {
  const rows = await record.db
    .selectFrom('repositories')
    .select('host')
    .distinct()
    .where('removed_at', 'is', null)
    .orderBy('host')
    .execute();
  return rows.map(({ host }) => host);
}

/** The observed repositories that are paths on these machines, by name. */
export async function repositoriesOn(record: Record, hosts: readonly string[]): Promise<RepositoryPlace[]> {
  if (hosts.length === 0) return [];
  const rows = await record.db
    .selectFrom('repositories')
    .select(['name', 'url', 'host'])
    .where('removed_at', 'is', null)
    .where('host', 'in', hosts)
    .orderBy('name')
    .execute();
  return rows.flatMap(({ host, ...rest }) => (host === null ? [] : [{ ...rest, host }]));
}
