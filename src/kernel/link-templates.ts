import type { ForgeKind } from './forge-kinds.ts';

/** The pages of a project that Volt links, and what the template of their address must and may contain as `{name}`. */
const pagesOfProject = {
  page: { must: [], may: [] },
  commit: { must: ['commit'], may: [] },
  branch: { must: ['branch'], may: [] },
  file: { must: ['path'], may: ['commit', 'line'] },
  'pull-request': { must: ['number'], may: [] },
} as const;
export type ProjectPage = keyof typeof pagesOfProject;

/** Templates of addresses. `{page}` is the page of the project; what no forge has is missing. */
export type LinkTemplates = { readonly [P in ProjectPage]?: string };

/** Programs that show repositories and that Volt cannot set statuses at. */
type Viewer = 'cgit' | 'gitweb' | 'sourcehut';

const likeGitea: LinkTemplates = {
  commit: '{page}/commit/{commit}',
  branch: '{page}/src/branch/{branch}',
  file: '{page}/src/commit/{commit}/{path}#L{line}',
  'pull-request': '{page}/pulls/{number}',
};

const ofKinds: { readonly [K in ForgeKind | Viewer]: LinkTemplates } = {
  github: {
    commit: '{page}/commit/{commit}',
    branch: '{page}/tree/{branch}',
    file: '{page}/blob/{commit}/{path}#L{line}',
    'pull-request': '{page}/pull/{number}',
  },
  gitea: likeGitea,
  forgejo: likeGitea,
  gitlab: {
    commit: '{page}/-/commit/{commit}',
    branch: '{page}/-/tree/{branch}',
    file: '{page}/-/blob/{commit}/{path}#L{line}',
    'pull-request': '{page}/-/merge_requests/{number}',
  },
  bitbucket: {
    commit: '{page}/commits/{commit}',
    branch: '{page}/branch/{branch}',
    file: '{page}/src/{commit}/{path}#lines-{line}',
    'pull-request': '{page}/pull-requests/{number}',
  },
  'bitbucket-dc': {
    commit: '{page}/commits/{commit}',
    branch: '{page}/browse?at=refs/heads/{branch}',
    file: '{page}/browse/{path}?at={commit}#{line}',
    'pull-request': '{page}/pull-requests/{number}',
  },
  azure: {
    commit: '{page}/commit/{commit}',
    branch: '{page}?version=GB{branch}',
    file: '{page}?path=/{path}&version=GC{commit}&line={line}',
    'pull-request': '{page}/pullrequest/{number}',
  },
  gerrit: {
    commit: '{page}/+/{commit}',
    branch: '{page}/+/refs/heads/{branch}',
    file: '{page}/+/{commit}/{path}#{line}',
    'pull-request': '{changes}/+/{number}',
  },
  pagure: {
    commit: '{page}/c/{commit}',
    branch: '{page}/tree/{branch}',
    file: '{page}/blob/{commit}/f/{path}#_{line}',
    'pull-request': '{page}/pull-request/{number}',
  },
  cgit: {
    commit: '{page}/commit/?id={commit}',
    branch: '{page}/log/?h={branch}',
    file: '{page}/tree/{path}?id={commit}#n{line}',
  },
  gitweb: {
    commit: '{page};a=commit;h={commit}',
    branch: '{page};a=shortlog;h=refs/heads/{branch}',
    file: '{page};a=blob;f={path};hb={commit}#l{line}',
  },
  sourcehut: {
    commit: '{page}/commit/{commit}',
    branch: '{page}/log/{branch}',
    file: '{page}/tree/{commit}/item/{path}#L{line}',
  },
};

/** @param page address of the project's page, without a slash at its end */
export function templatesOf(kind: ForgeKind | Viewer, page: string): LinkTemplates {
  // Gerrit shows changes beside the files
  const starts = { page, changes: page.replace('/plugins/gitiles/', '/c/') };
  const made = Object.entries(ofKinds[kind]).map(([name, template]) => [
    name,
    template.replace(/\{(page|changes)\}/, (_, start: keyof typeof starts) => starts[start]),
  ]);
  return { page, ...Object.fromEntries(made) };
}

/** The last part of an address that says the line, and that is left out where there is none. */
const linePart = /[#&;][^#&;]*\{line\}$/;

/** @param values with names and paths as they are; a line that is null is left out */
export function fillTemplate(template: string, values: { readonly [name: string]: string | number | null }): string {
  const asked = values.line === null ? template.replace(linePart, '') : template;
  return asked.replace(/\{(\w+)\}/g, (_, name: string) => encoded(String(values[name] ?? '')));
}

/** A path for an address; its slashes stay. */
export function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/**
 * The pages of a project as a person gives them: the page of the project under the name of a kind of forge, such as
 * `{ cgit: 'https://git.example.org/app' }`, and templates under the names of single pages, which come first.
 */
export interface GivenLinks {
  readonly [name: string]: string;
}

export const linkKinds = Object.keys(ofKinds);
export const linkPages = Object.keys(pagesOfProject);

/** @param repo the name of the repository, which templates may contain as `{repo}` */
export function givenTemplates(given: GivenLinks, repo: string): LinkTemplates | undefined {
  const entries = Object.entries(given).map(([name, address]) => [name, address.replaceAll('{repo}', encoded(repo))]);
  if (entries.length === 0) return undefined;
  const ofKind = entries.map(([name = '', address = '']) =>
    isKind(name) ? templatesOf(name, address.replace(/\/+$/, '')) : {},
  );
  return Object.assign({}, ...ofKind, Object.fromEntries(entries.filter(([name = '']) => isPage(name))));
}

/** Characters of an address. */
const longestAddress = 2_000;

/** What is wrong with the pages that a person gives, as the rest of a sentence that begins with the name; undefined if nothing is. */
export function wrongLink(given: GivenLinks): { name: string; problem: string } | undefined {
  const kinds = Object.keys(given).filter(isKind);
  if (kinds.length > 1) return { name: kinds.join(', '), problem: 'are several kinds of forges' };
  for (const [name, address] of Object.entries(given)) {
    const problem = wrongAddress(name, address);
    if (problem !== undefined) return { name, problem };
  }
  return undefined;
}

function wrongAddress(name: string, address: string): string | undefined {
  if (!isKind(name) && !isPage(name)) return 'is neither a kind of forge nor a page of a project';
  // nothing that is filled in may decide which host a link leads to
  const isWeb = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?(?:[/?#][\x21-\x7e]*)?$/i.test(address);
  if (!isWeb || !URL.canParse(address) || address.length > longestAddress || /["'<>\\^`|]/.test(address))
    return 'has no address of a web page';
  const found = new Set([...address.matchAll(/\{([^{}]*)\}/g)].map(([, placeholder]) => placeholder ?? ''));
  const { must, may }: { must: readonly string[]; may: readonly string[] } = isPage(name)
    ? pagesOfProject[name]
    : { must: [], may: [] };
  const missing = must.find((placeholder) => !found.has(placeholder));
  if (missing !== undefined) return `has no {${missing}} in its address`;
  const unknown = [...found].find((placeholder) => ![...must, ...may, 'repo'].includes(placeholder));
  if (unknown !== undefined) return `cannot have {${unknown}} in its address`;
  if (/[{}]/.test(address.replace(/\{[^{}]*\}/g, ''))) return 'has a single brace in its address';
  if (found.has('line') && !linePart.test(address)) return 'has {line} elsewhere than in the last part of its address';
  if (name === 'gitweb' ? !/\?p=[^#]+$/.test(address) : isKind(name) && /[?#]/.test(address))
    return name === 'gitweb' ? 'has no "?p=PROJECT" at the end of its address' : 'has a "?" or "#" in its address';
  return undefined;
}

function isKind(name: string): name is ForgeKind | Viewer {
  return Object.hasOwn(ofKinds, name);
}

function isPage(name: string): name is ProjectPage {
  return Object.hasOwn(pagesOfProject, name);
}
