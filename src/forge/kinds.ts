import type { ForgeKind } from '../kernel/forge-kinds.ts';
import type { ForgeAccess } from './access.ts';
import { azure } from './azure.ts';
import { bitbucket } from './bitbucket.ts';
import { bitbucketDataCenter } from './bitbucket-data-center.ts';
import type { Forge } from './forge.ts';
import { gerrit } from './gerrit.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { pagure } from './pagure.ts';

/** Milliseconds that a forge has for an answer. GitHub itself breaks off after this time. */
const answerTimeout = 10_000;

const kinds: { readonly [K in ForgeKind]: (access: ForgeAccess, timeout: number) => Forge } = {
  github,
  gitlab,
  gitea,
  forgejo: gitea,
  bitbucket,
  'bitbucket-dc': bitbucketDataCenter,
  gerrit,
  azure,
  pagure,
};

/** The forge at an address. @param timeout milliseconds that it has for an answer */
export function forgeAt(access: ForgeAccess, timeout = answerTimeout): Forge {
  return kinds[access.kind](access, timeout);
}
