/** The kinds of forges that Volt can set statuses at. `api` is the address where none is given, and what an address ends with. */
export const forgeKinds = {
  github: { title: 'GitHub', usual: 'https://api.github.com', path: '/api/v3' },
  gitlab: { title: 'GitLab', usual: 'https://gitlab.com/api/v4', path: '/api/v4' },
  gitea: { title: 'Gitea', usual: undefined, path: '/api/v1' },
  forgejo: { title: 'Forgejo', usual: undefined, path: '/api/v1' },
} as const;
export type ForgeKind = keyof typeof forgeKinds;

/** GitHub's own API is at a host of its own, without a path. */
const hostedGithub = 'api.github.com';

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
  if (url.hostname === 'github.com' || url.hostname === hostedGithub) return forgeKinds.github.usual;
  const start = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${start.endsWith(path) ? start : start + path}`;
}

/** The host that the repositories of a forge are at, and the path that their addresses begin with; both without slashes at their ends. */
export function repositoriesOf(kind: ForgeKind, api: string): { host: string; path: string } {
  const url = new URL(api);
  if (url.hostname === hostedGithub) return { host: 'github.com', path: '' };
  const end = forgeKinds[kind].path;
  return { host: url.hostname, path: url.pathname.slice(0, -end.length).replace(/^\/+|\/+$/g, '') };
}
