import type { ForgeKind } from './forge-kinds.ts';
import type { ForgeScope } from './forge-projects.ts';
import { forgeOf, pageOf } from './known-forges.ts';
import {
  encoded,
  fillTemplate,
  type GivenLinks,
  givenTemplates,
  type LinkTemplates,
  type ProjectPage,
  templatesOf,
} from './link-templates.ts';

/** Addresses of pages of a project at its forge; undefined for a page that the forge does not have. */
export interface ProjectLinks {
  page: string | undefined;
  commit(sha: string): string | undefined;
  branch(name: string): string | undefined;
  pullRequest(number: number): string | undefined;
  /** @param path in the repository */
  file(sha: string, path: string, line: number | null): string | undefined;
}

/**
 * The pages of a repository at its forge.
 * @param repository `project` has the pages that a person has given, which come first
 * @param scopes the forges that Volt sends statuses to, which come before those that are known
 * @returns undefined for a repository at no known forge
 */
export function projectLinks(
  repository: { name: string; url: string; project: GivenLinks },
  scopes: readonly ForgeScope[],
): ProjectLinks | undefined {
  const given = givenTemplates(repository.project, repository.name);
  if (given) return linksBy(given);
  const { scope, project } = forgeOf(repository, scopes) ?? {};
  if (!scope || project === undefined) return undefined;
  const { kind } = scope;
  return linksBy(templatesOf(kind, `${pageOf(scope)}/${(ownPaths[kind] ?? encoded)(project)}`));
}

/** The path of a project's page at forges where it is not the project's name. */
const ownPaths: { readonly [K in ForgeKind]?: (project: string) => string } = {
  'bitbucket-dc': (project) => {
    const [owner = '', ...repository] = project.split('/');
    const place = owner.startsWith('~') ? `users/${owner.slice(1)}` : `projects/${owner}`;
    return encoded(`${place}/repos/${repository.join('/')}`);
  },
  azure: (project) => {
    const [organization, name, repository] = project.split('/');
    return encoded(`${organization}/${name}/_git/${repository}`);
  },
  gerrit: (project) => `plugins/gitiles/${encoded(project)}`,
};

function linksBy(templates: LinkTemplates): ProjectLinks {
  const link = (page: ProjectPage, values: Parameters<typeof fillTemplate>[1] = {}) => {
    const template = templates[page];
    return template === undefined ? undefined : fillTemplate(template, values);
  };
  return {
    page: link('page'),
    commit: (commit) => link('commit', { commit }),
    branch: (branch) => link('branch', { branch }),
    pullRequest: (number) => link('pull-request', { number }),
    file: (commit, path, line) => link('file', { commit, path, line }),
  };
}
