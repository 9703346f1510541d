import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { RepositoryPage } from './tabs.tsx';

/** Where a person can go and what they can do from each page of a repository, beside its name. */
export function RepositoryActions(shown: { repo: string; links: ProjectLinks | undefined; page: RepositoryPage }) {
  const { repo, links, page } = shown;
  // a page has one primary button, and that of the settings saves them
  const kind = page === 'settings' ? 'button' : 'button primary';
  return (
    <>
      {links?.page !== undefined && (
        <a class="button" href={links.page}>
          {new URL(links.page).host}
        </a>
      )}
      <a class={kind} href={`/repos/${repo}/build`}>
        Build now
      </a>
    </>
  );
}
