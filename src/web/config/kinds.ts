import type { Kind } from './kind.ts';
import { access } from './kinds/access.ts';
import { environments } from './kinds/environments.ts';
import { forges } from './kinds/forges.ts';
import { notices } from './kinds/notices.ts';
import { people } from './kinds/people.ts';
import { providers } from './kinds/providers.ts';
import { repositories } from './kinds/repositories.ts';
import { runnerKeys } from './kinds/runner-keys.ts';
import { environmentVariables, repositoryVariables, variables } from './kinds/variables.ts';

/** All kinds of entries. Each comes after those that it needs, and is removed before them. */
export const kinds: readonly Kind[] = [
  ...[providers, people, variables, repositories, environments, repositoryVariables, environmentVariables],
  ...[forges, notices, runnerKeys, access],
];
