import { accessRoutes } from './access.ts';
import { accountRoutes } from './account.ts';
import { auditRoutes } from './audit.ts';
import { buildRoutes } from './builds.ts';
import { configRoutes } from './config.ts';
import { credentialRoutes } from './credentials.ts';
import { environmentRoutes } from './environments.ts';
import { forgeRoutes } from './forges.ts';
import { grantRoutes } from './grants.ts';
import { intentRoutes } from './intents.ts';
import { jobRoutes } from './jobs.ts';
import { manyBuildsRoutes } from './many-builds.ts';
import { noticeRoutes } from './notices.ts';
import { peopleRoutes } from './people.ts';
import { providerRoutes } from './providers.ts';
import { repositoryRoutes } from './repos.ts';
import type { Route } from './route.ts';
import { runnerRoutes } from './runners.ts';
import { searchRoutes } from './search.ts';
import { secretRoutes } from './secrets.ts';
import { systemRoutes } from './system.ts';
import { testRoutes } from './tests.ts';

/** Every route of the API but that of its own description. */
export const routes: readonly Route[] = [
  ...buildRoutes,
  ...manyBuildsRoutes,
  ...jobRoutes,
  ...testRoutes,
  ...repositoryRoutes,
  ...searchRoutes,
  ...intentRoutes,
  ...secretRoutes,
  ...environmentRoutes,
  ...credentialRoutes,
  ...forgeRoutes,
  ...noticeRoutes,
  ...providerRoutes,
  ...runnerRoutes,
  ...configRoutes,
  ...systemRoutes,
  ...accessRoutes,
  ...grantRoutes,
  ...peopleRoutes,
  ...auditRoutes,
  ...accountRoutes,
];
