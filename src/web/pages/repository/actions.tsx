import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';

/** Where a person can go and what they can do from each page of a repository, beside its name. */
export function RepositoryActions({ links }: { repository: ObservedRepository; links: ProjectLinks | undefined }) {
  if (links?.page === undefined) return null;
  return (
    <a class="button" href={links.page}>
      {new URL(links.page).host}
    </a>
  );
}
