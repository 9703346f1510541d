import { type ForgeKind, forgeKinds, repositoriesOf } from './forge-kinds.ts';
import { fitsGlobs, repositoryGlobPattern, repositoryNamePattern } from './names.ts';

/** What decides which project of a forge a repository is. */
export interface ForgeScope {
  kind: ForgeKind;
  api: string;
  /**
   * patterns of the names of repositories that it is for, and entries `NAME=PROJECT` for repositories whose address does not tell
   * their project; without any, it is for all repositories at its host
   */
  repos: readonly string[];
}

/** Whether a text is an entry of `ForgeScope.repos`. */
export function isForgeEntry(kind: ForgeKind, text: string): boolean {
  const [name = '', project] = split(text);
  if (project === undefined) return repositoryGlobPattern.test(name);
  return repositoryNamePattern.test(name) && isProject(kind, project);
}

/**
 * The project of a repository at a forge, for example `acme/app`.
 * @returns undefined if the forge is not for the repository
 */
export function projectAt(scope: ForgeScope, { name, url }: { name: string; url: string }): string | undefined {
  const { kind, api } = scope;
  const entries = scope.repos.map(split);
  const [, named] = entries.find(([entry, project]) => project !== undefined && entry === name) ?? [];
  if (named !== undefined) return named;
  const globs = entries.flatMap(([glob, project]) => (project === undefined ? [glob] : []));
  if (scope.repos.length > 0 && (globs.length === 0 || !fitsGlobs(globs, name))) return undefined;
  const address = addressOf(url);
  const { hosts, path } = repositoriesOf(kind, api);
  if (!address || !hosts.includes(address.host)) return undefined;
  // an address for SSH has no such path
  const below = path !== '' && address.path.startsWith(`${path}/`) ? address.path.slice(path.length + 1) : address.path;
  const project = ownPaths[kind]?.(below) ?? below;
  return isProject(kind, project) ? project : undefined;
}

/** The project in the path of an address, at forges whose addresses contain more than the project. */
const ownPaths: { readonly [K in ForgeKind]?: (path: string) => string } = {
  'bitbucket-dc': (path) => path.replace(/^scm\//, ''),
  gerrit: (path) => path.replace(/^a\//, ''),
  azure: (path) => path.replace(/^v3\//, '').replace('/_git/', '/'),
};

function split(entry: string): [string, string | undefined] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, undefined] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Whether a text is a path none of whose segments could lead to another part of a forge's API. */
function isProject(kind: ForgeKind, text: string): boolean {
  const segments = text.split('/');
  const isSegment = (segment: string) => /^[\w.~+-][\w.~+ -]{0,254}$/.test(segment) && !/^\.\.?$/.test(segment);
  return segments.length >= forgeKinds[kind].segments && segments.length <= 20 && segments.every(isSegment);
}

/** The host, without its port, and the path of a repository's address; undefined for a path. */
function addressOf(url: string): { host: string; path: string } | undefined {
  const short = /^(?:[^/@:]+@)?([^/:@]+):(?!\/\/)(.+)$/.exec(url);
  const found = short ?? /^(?:https?|ssh|git|git\+ssh):\/\/(?:[^/@]*@)?([^/:]+|\[[^\]]+\])(?::\d+)?\/(.+)$/i.exec(url);
  const [, host, path] = found ?? [];
  if (host === undefined || path === undefined) return undefined;
  const plain = path.replaceAll('%20', ' ').replace(/^\/+|\/+$/g, '');
  return { host: host.toLowerCase(), path: plain.replace(/\.git$/, '') };
}
