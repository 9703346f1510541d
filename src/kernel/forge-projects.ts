import { type ForgeKind, repositoriesOf } from './forge-kinds.ts';
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
export function isForgeEntry(text: string): boolean {
  const [name = '', project] = split(text);
  if (project === undefined) return repositoryGlobPattern.test(name);
  return repositoryNamePattern.test(name) && isProject(project);
}

/**
 * The project of a repository at a forge, for example `acme/app`.
 * @returns undefined if the forge is not for the repository
 */
export function projectAt(scope: ForgeScope, { name, url }: { name: string; url: string }): string | undefined {
  const entries = scope.repos.map(split);
  const [, named] = entries.find(([entry, project]) => project !== undefined && entry === name) ?? [];
  if (named !== undefined) return named;
  const globs = entries.flatMap(([glob, project]) => (project === undefined ? [glob] : []));
  if (scope.repos.length > 0 && (globs.length === 0 || !fitsGlobs(globs, name))) return undefined;
  const address = addressOf(url);
  const { host, path } = repositoriesOf(scope.kind, scope.api);
  if (address?.host !== host) return undefined;
  // an address for SSH has no such path
  const project =
    path !== '' && address.path.startsWith(`${path}/`) ? address.path.slice(path.length + 1) : address.path;
  return isProject(project) ? project : undefined;
}

function split(entry: string): [string, string | undefined] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, undefined] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Two or more segments, none of which could lead to another part of a forge's API. */
function isProject(text: string): boolean {
  const segments = text.split('/');
  const isSegment = (segment: string) => /^[\w.~+-]{1,255}$/.test(segment) && !/^\.\.?$/.test(segment);
  return segments.length >= 2 && segments.length <= 20 && segments.every(isSegment);
}

/** The host, without its port, and the path of a repository's address; undefined for a path. */
function addressOf(url: string): { host: string; path: string } | undefined {
  const short = /^(?:[^/@:]+@)?([^/:@]+):(?!\/\/)(.+)$/.exec(url);
  const found = short ?? /^(?:https?|ssh|git|git\+ssh):\/\/(?:[^/@]*@)?([^/:]+|\[[^\]]+\])(?::\d+)?\/(.+)$/i.exec(url);
  const [, host, path] = found ?? [];
  if (host === undefined || path === undefined) return undefined;
  return { host: host.toLowerCase(), path: path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '') };
}
