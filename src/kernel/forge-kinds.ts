/**
 * The kinds of forges that Volt can set statuses at. `usual` is the address of the API where none is given, `path` what such an
 * address ends with, `segments` how many parts the name of a project has at least.
 */
export const forgeKinds = {
  github: { title: 'GitHub', usual: 'https://api.github.com', path: '/api/v3', segments: 2 },
  gitlab: { title: 'GitLab', usual: 'https://gitlab.com/api/v4', path: '/api/v4', segments: 2 },
  gitea: { title: 'Gitea', usual: undefined, path: '/api/v1', segments: 2 },
  forgejo: { title: 'Forgejo', usual: undefined, path: '/api/v1', segments: 2 },
  bitbucket: { title: 'Bitbucket Cloud', usual: 'https://api.bitbucket.org/2.0', path: '/2.0', segments: 2 },
  'bitbucket-dc': { title: 'Bitbucket Data Center', usual: undefined, path: '/rest', segments: 2 },
  gerrit: { title: 'Gerrit', usual: undefined, path: '/a', segments: 1 },
  azure: { title: 'Azure DevOps', usual: 'https://dev.azure.com', path: '', segments: 3 },
  pagure: { title: 'Pagure', usual: 'https://pagure.io/api/0', path: '/api/0', segments: 1 },
} as const;
export type ForgeKind = keyof typeof forgeKinds;

/** Hosted forges: their APIs by host, and the hosts that their repositories are at. */
const hosted: { readonly [host: string]: { api: string; repositories: readonly string[] } } = {
  'api.github.com': { api: 'https://api.github.com', repositories: ['github.com', 'ssh.github.com'] },
  'gitlab.com': { api: 'https://gitlab.com/api/v4', repositories: ['gitlab.com', 'altssh.gitlab.com'] },
  'api.bitbucket.org': {
    api: 'https://api.bitbucket.org/2.0',
    repositories: ['bitbucket.org', 'altssh.bitbucket.org'],
  },
  'dev.azure.com': { api: 'https://dev.azure.com', repositories: ['dev.azure.com', 'ssh.dev.azure.com'] },
};

/**
 * The address of a forge's API, without a slash at its end. The address of the forge itself is completed.
 * @param given what a person has given, if anything
 * @returns undefined if it is no HTTP address, or has a user name or a query; or if none was given and the kind has no usual one
 */
export function apiAddress(kind: ForgeKind, given: string | undefined): string | undefined {
  const { usual, path } = forgeKinds[kind];
  if (given === undefined) return usual;
  if (!URL.canParse(given)) return undefined;
  const url = new URL(given);
  const isPlain = /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || url.hostname === '') return undefined;
  const { api } =
    Object.entries(hosted).find(([host, { repositories }]) => [host, ...repositories].includes(url.hostname))?.[1] ??
    {};
  if (api !== undefined && api === usual) return api;
  const start = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${start.endsWith(path) ? start : start + path}`;
}

/** The hosts that the repositories of a forge are at, and the path that their addresses begin with, without slashes at its ends. */
export function repositoriesOf(kind: ForgeKind, api: string): { hosts: readonly string[]; path: string } {
  const url = new URL(api);
  const known = hosted[url.hostname];
  if (known?.api === api) return { hosts: known.repositories, path: '' };
  const end = forgeKinds[kind].path;
  const start = url.pathname.slice(0, url.pathname.length - end.length);
  return { hosts: [url.hostname], path: start.replace(/^\/+|\/+$/g, '') };
}
