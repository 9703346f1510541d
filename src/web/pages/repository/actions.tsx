import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';

/** Where a person can go and what they can do from each page of a repository, beside its name. */
export function RepositoryActions(shown: { repository: ObservedRepository; links: ProjectLinks | undefined }) {
  const { repository, links } = shown;
  return (
    <>
      {links?.page !== undefined && (
        <a class="button" href={links.page}>
          {new URL(links.page).host}
        </a>
      )}
      <a class="button primary" href={`/repos/${repository.name}/build`}>
        Build now
      </a>
    </>
  );
}
