import type { Kind } from './kind.ts';
import { access } from './kinds/access.ts';
import { environments } from './kinds/environments.ts';
import { forges } from './kinds/forges.ts';
import { notices } from './kinds/notices.ts';
import { repositories } from './kinds/repositories.ts';
import { runnerKeys } from './kinds/runner-keys.ts';
import { environmentVariables, repositoryVariables, variables } from './kinds/variables.ts';

/** All kinds of entries. Each comes after those that it needs, and is removed before them. */
export const kinds: readonly Kind[] = [
  ...[variables, repositories, environments, repositoryVariables, environmentVariables],
  ...[forges, notices, runnerKeys, access],
];
