import { Client } from '../../src/cli/client.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import type { Build, BuildSummary } from '../../src/kernel/model.ts';

/**
 * The API of the web stage that uses a data directory, for conditions that a test waits for: a command of `volt` for each
 * check would take most of a core.
 */
export function apiOf(dataDir: string): Client {
  return Client.of(loadConfig({ dataDir }));
}

/** The newest build of a repository; undefined while there is none. @param query further filters of the list of builds */
export async function newestBuild(
  dataDir: string,
  repo: string,
  query: Record<string, string> = {},
): Promise<Build | undefined> {
  const client = apiOf(dataDir);
  const { builds } = await client.get<{ builds: BuildSummary[] }>('/builds', { repo, limit: 1, ...query });
  return builds[0] && client.get<Build>(`/builds/${builds[0].id}`);
}
