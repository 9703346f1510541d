import type { Database } from './database.ts';
import { observed } from './observed.ts';
import { administrator, readable } from './visibility.ts';

/** A repository that is a path on a machine. */
export interface RepositoryHost {
  name: string;
  url: string;
  host: string;
}

/** The machines of observed repositories that are paths; null means repositories with a URL. */
export async function repositoryHosts(database: Database): Promise<(string | null)[]> {
  const rows = await observed(database.db).select('host').distinct().orderBy('host').execute();
  return rows.map(({ host }) => host);
}

/** The observed repositories that are paths on these machines and that the reader may see, by name. */
export async function repositoriesOn(
  database: Database,
  hosts: readonly string[],
  reader = administrator,
): Promise<RepositoryHost[]> {
  if (hosts.length === 0) return [];
  const rows = await observed(database.db)
    .select(['name', 'url', 'host'])
    .where('host', 'in', hosts)
    .where(readable(reader, 'repositories.name'))
    .orderBy('name')
    .execute();
  return rows.flatMap(({ host, ...rest }) => (host === null ? [] : [{ ...rest, host }]));
}
