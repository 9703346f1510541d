import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { RepositoryPage } from './tabs.tsx';

interface Shown {
  repo: string;
  links: ProjectLinks | undefined;
  page: RepositoryPage;
  mayBuild: boolean;
}

/** Where a person can go and what they can do from each page of a repository, beside its name. */
export function RepositoryActions({ repo, links, page, mayBuild }: Shown) {
  // a page has one primary button, and that of the settings saves them
  const kind = page === 'settings' ? 'button' : 'button primary';
  return (
    <>
      {links?.page !== undefined && (
        <a class="button" href={links.page}>
          {new URL(links.page).host}
        </a>
      )}
      {mayBuild && (
        <a class={kind} href={`/repos/${repo}/build`}>
          Build now
        </a>
      )}
    </>
  );
}
