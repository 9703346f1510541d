import { join } from 'node:path';
import type { FetchPolicy } from '../git/access/fetch-policy.ts';
import type { GitLimits } from '../git/command/runner.ts';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { repositoryKey } from '../kernel/names.ts';
import { ownActionsOf } from './actions/builtin-actions.ts';
import { ActionStore } from './actions/store.ts';
import { containerPolicyOf, type PolicySettings } from './container-policy.ts';
import type { JobInput } from './input-and-result.ts';
import type { JobServices } from './job-context.ts';
import { KeptInstalls } from './storage/kept-installs.ts';

/**
 * Makes the services that a job uses on this machine.
 * @param own `mirrors` is the folder of mirrors, `artifacts` that of the build's artifacts
 */
export function makeJobServices(
  config: Pick<Config, 'dataDir' | 'actionsUrl' | 'ownActions' | 'installLimit'> & PolicySettings,
  job: Pick<JobInput, 'repo' | 'trust'>,
  own: { fetchPolicy: FetchPolicy; gitLimits: GitLimits; mirrors: string; artifacts: string },
): JobServices {
  const { fetchPolicy, gitLimits } = own;
  const { repo } = job;
  const paths = dataPaths(config.dataDir);
  return {
    ...own,
    actions: new ActionStore(paths.actions, config.actionsUrl, { fetchPolicy, limits: gitLimits }),
    containers: containerPolicyOf(config, job),
    ownActions: ownActionsOf(config.ownActions),
    caches: join(paths.caches, repositoryKey(repo)),
    installs: new KeptInstalls(paths.installs, repositoryKey(repo), config.installLimit * 1_073_741_824),
  };
}
