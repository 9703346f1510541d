import { type ForgeKind, forgeKinds, repositoriesOf } from './forge-kinds.ts';
import { type ForgeScope, projectAt } from './forge-projects.ts';

/** Forges that are known by the host of a repository. */
const known: readonly ForgeScope[] = [
  ...(['github', 'gitlab', 'bitbucket', 'azure', 'pagure'] as const).map((kind) => ({
    ...{ kind, api: forgeKinds[kind].usual, repos: [] },
  })),
  { kind: 'forgejo', api: 'https://codeberg.org/api/v1', repos: [] },
  { kind: 'gitea', api: 'https://gitea.com/api/v1', repos: [] },
];

/**
 * The forge of a repository, and its project there.
 * @param scopes the forges that Volt has a token for, which come first
 * @returns undefined for a repository at none of these and no other known forge
 */
export function forgeOf(
  repository: { name: string; url: string },
  scopes: readonly ForgeScope[],
): { scope: ForgeScope; project: string } | undefined {
  for (const scope of [...scopes, ...known]) {
    const project = projectAt(scope, repository);
    if (project !== undefined) return { scope, project };
  }
  return undefined;
}

/** The address of a forge for people, without a slash at its end. */
export function pageOf({ kind, api }: Pick<ForgeScope, 'kind' | 'api'>): string {
  const { hosts, path } = repositoriesOf(kind, api);
  const url = new URL(api);
  // a hosted forge has its API at another host
  const own = hosts[0] === url.hostname ? url.origin : `https://${hosts[0]}`;
  return path === '' ? own : `${own}/${path}`;
}

/** Where programs of a job find the forge of their repository, in the terms of GitHub's variables. */
export interface ForgeAddresses {
  server: string;
  api: string;
  /** empty where the forge has none */
  graphql: string;
  /** owner and name */
  project: string;
}

/** The forges that programs for GitHub understand. */
export const kindsLikeGithub: readonly ForgeKind[] = ['github', 'gitea', 'forgejo'];

/**
 * @param scopes the forges that Volt has a token for
 * @returns undefined for a repository that is not at such a forge, as far as Volt knows
 */
export function forgeAddresses(
  repository: { name: string; url: string },
  scopes: readonly ForgeScope[],
): ForgeAddresses | undefined {
  const { scope, project } = forgeOf(repository, scopes) ?? {};
  if (!scope || project === undefined || !kindsLikeGithub.includes(scope.kind)) return undefined;
  const { kind, api } = scope;
  return { server: pageOf(scope), api, graphql: kind === 'github' ? graphqlOf(api) : '', project };
}

/** At github.com beside the API's root, at GitHub Enterprise Server beside its version. */
function graphqlOf(api: string): string {
  return `${api.replace(/\/v3$/, '')}/graphql`;
}
