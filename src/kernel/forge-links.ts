import { type ForgeKind, forgeKinds, repositoriesOf } from './forge-kinds.ts';
import { type ForgeScope, projectAt } from './forge-projects.ts';

/** Pages of a project at its forge. */
export interface ProjectLinks {
  /** name of the forge, for people */
  title: string;
  page: string;
  commit(sha: string): string;
  branch(name: string): string;
  pullRequest(number: number): string;
  /** @param path in the repository */
  file(sha: string, path: string, line: number | null): string;
}

/** Forges that are known by the host of a repository. */
const known: readonly ForgeScope[] = [
  ...(['github', 'gitlab', 'bitbucket', 'azure', 'pagure'] as const).map((kind) => ({
    ...{ kind, api: forgeKinds[kind].usual, repos: [] },
  })),
  { kind: 'forgejo', api: 'https://codeberg.org/api/v1', repos: [] },
  { kind: 'gitea', api: 'https://gitea.com/api/v1', repos: [] },
];

/**
 * The pages of a repository at its forge.
 * @param scopes the forges that Volt sends statuses to, which come first
 * @returns undefined for a repository at none of these and no other known forge
 */
export function projectLinks(
  repository: { name: string; url: string },
  scopes: readonly ForgeScope[],
): ProjectLinks | undefined {
  for (const scope of [...scopes, ...known]) {
    const project = projectAt(scope, repository);
    if (project !== undefined) return linksOf(scope, encoded(project));
  }
  return undefined;
}

function linksOf({ kind, api }: ForgeScope, project: string): ProjectLinks {
  const { hosts, path } = repositoriesOf(kind, api);
  const url = new URL(api);
  // a hosted forge has its API at another host
  const own = hosts[0] === url.hostname ? url.origin : `https://${hosts[0]}`;
  const start = path === '' ? own : `${own}/${path}`;
  return { title: forgeKinds[kind].title, ...pages[kind](start, project) };
}

type Pages = Omit<ProjectLinks, 'title'>;

function likeGithub(pull: string): (start: string, project: string) => Pages {
  return (start, project) => {
    const page = `${start}/${project}`;
    return {
      page,
      commit: (sha) => `${page}/commit/${sha}`,
      branch: (name) => `${page}/${pull === 'pull' ? 'tree' : 'src/branch'}/${encoded(name)}`,
      pullRequest: (number) => `${page}/${pull}/${number}`,
      file: (sha, path, line) =>
        `${page}/${pull === 'pull' ? 'blob' : 'src/commit'}/${sha}/${encoded(path)}${line === null ? '' : `#L${line}`}`,
    };
  };
}

const pages: { readonly [K in ForgeKind]: (start: string, project: string) => Pages } = {
  github: likeGithub('pull'),
  gitea: likeGithub('pulls'),
  forgejo: likeGithub('pulls'),
  gitlab: (start, project) => {
    const page = `${start}/${project}`;
    return {
      page,
      commit: (sha) => `${page}/-/commit/${sha}`,
      branch: (name) => `${page}/-/tree/${encoded(name)}`,
      pullRequest: (number) => `${page}/-/merge_requests/${number}`,
      file: (sha, path, line) => `${page}/-/blob/${sha}/${encoded(path)}${line === null ? '' : `#L${line}`}`,
    };
  },
  bitbucket: (start, project) => {
    const page = `${start}/${project}`;
    return {
      page,
      commit: (sha) => `${page}/commits/${sha}`,
      branch: (name) => `${page}/branch/${encoded(name)}`,
      pullRequest: (number) => `${page}/pull-requests/${number}`,
      file: (sha, path, line) => `${page}/src/${sha}/${encoded(path)}${line === null ? '' : `#lines-${line}`}`,
    };
  },
  'bitbucket-dc': (start, project) => {
    const [owner = '', ...repository] = project.split('/');
    const page = `${start}/${owner.startsWith('~') ? `users/${owner.slice(1)}` : `projects/${owner}`}/repos/${repository.join('/')}`;
    return {
      page,
      commit: (sha) => `${page}/commits/${sha}`,
      branch: (name) => `${page}/browse?at=${encodeURIComponent(`refs/heads/${name}`)}`,
      pullRequest: (number) => `${page}/pull-requests/${number}`,
      file: (sha, path, line) => `${page}/browse/${encoded(path)}?at=${sha}${line === null ? '' : `#${line}`}`,
    };
  },
  azure: (start, project) => {
    const [organization, name, repository] = project.split('/');
    const page = `${start}/${organization}/${name}/_git/${repository}`;
    return {
      page,
      commit: (sha) => `${page}/commit/${sha}`,
      branch: (branch) => `${page}?version=GB${encodeURIComponent(branch)}`,
      pullRequest: (number) => `${page}/pullrequest/${number}`,
      file: (sha, path, line) =>
        `${page}?path=/${encodeURIComponent(path)}&version=GC${sha}${line === null ? '' : `&line=${line}`}`,
    };
  },
  gerrit: (start, project) => {
    const page = `${start}/plugins/gitiles/${project}`;
    return {
      page,
      commit: (sha) => `${page}/+/${sha}`,
      branch: (name) => `${page}/+/refs/heads/${encoded(name)}`,
      pullRequest: (number) => `${start}/c/${project}/+/${number}`,
      file: (sha, path, line) => `${page}/+/${sha}/${encoded(path)}${line === null ? '' : `#${line}`}`,
    };
  },
  pagure: (start, project) => {
    const page = `${start}/${project}`;
    return {
      page,
      commit: (sha) => `${page}/c/${sha}`,
      branch: (name) => `${page}/tree/${encoded(name)}`,
      pullRequest: (number) => `${page}/pull-request/${number}`,
      file: (sha, path, line) => `${page}/blob/${sha}/f/${encoded(path)}${line === null ? '' : `#_${line}`}`,
    };
  },
};

/** A path for an address; its slashes stay. */
function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
