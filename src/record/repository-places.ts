import type { Record } from './record.ts';
import { administrator, readable } from './visibility.ts';

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

/** The observed repositories that are paths on these machines and that somebody may read, by name. */
export async function repositoriesOn(
  record: Record,
  hosts: readonly string[],
  reader = administrator,
): Promise<RepositoryPlace[]> {
  if (hosts.length === 0) return [];
  const rows = await record.db
    .selectFrom('repositories')
    .select(['name', 'url', 'host'])
    .where('removed_at', 'is', null)
    .where('host', 'in', hosts)
    .where(readable(reader, 'repositories.name'))
    .orderBy('name')
    .execute();
  return rows.flatMap(({ host, ...rest }) => (host === null ? [] : [{ ...rest, host }]));
}
