import type { Config } from '../kernel/config.ts';
import { projectAt } from '../kernel/forge-projects.ts';
import type { Database } from './database.ts';
import { type ForgeWithToken, forgeScopes, forgeWithToken } from './forges.ts';

/** A repository's forge with its token, and the project there. */
export interface RepositoryForge {
  forge: ForgeWithToken;
  project: string;
}

/**
 * The first forge, by name, that is for a repository and has been checked.
 * @returns undefined without one
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function forgeOfRepository(
  database: Pick<Database, 'db'>,
  config: Config,
  repository: { name: string; url: string },
): Promise<RepositoryForge | undefined> {
  for (const scope of await forgeScopes(database.db)) {
    const project = projectAt(scope, repository);
    if (project === undefined) continue;
    const forge = await forgeWithToken(database, config, scope.name);
    if (forge.isChecked) return { forge, project };
  }
  return undefined;
}
