import type { Config } from '../kernel/config.ts';
import type { ForgeKind } from '../kernel/forge-kinds.ts';
import { projectAt } from '../kernel/forge-projects.ts';
import type { Sql } from './database.ts';
import { forgeScopes, forgeWithToken } from './forges.ts';
import { forgesWithJobTokens, type RepositoryAtForge } from './job-tokens.ts';

/** Tells of a repository whether its jobs may get a token of its forge. */
export async function jobTokenLookup(db: Sql): Promise<(repository: RepositoryAtForge) => boolean> {
  const scopes = [...(await forgesWithJobTokens(db)), ...(await checkedApps(db))];
  return (repository) => scopes.some((scope) => projectAt(scope, repository) !== undefined);
}

/** A GitHub App that makes tokens for the jobs of a repository. */
export interface JobApp {
  kind: ForgeKind;
  api: string;
  /** its private key, in PEM */
  token: string;
  app: number;
  /** name of the repository at the forge */
  project: string;
}

/** @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged` */
export async function findJobApp(db: Sql, config: Config, repository: RepositoryAtForge): Promise<JobApp | undefined> {
  for (const scope of await checkedApps(db)) {
    const project = projectAt(scope, repository);
    if (project === undefined) continue;
    const { kind, api, token, app } = await forgeWithToken({ db }, config, scope.name);
    return app === undefined ? undefined : { kind, api, token, app, project };
  }
  return undefined;
}

async function checkedApps(db: Sql) {
  return (await forgeScopes(db)).filter(({ app, isChecked }) => app !== null && isChecked);
}
