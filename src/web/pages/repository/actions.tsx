import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import { addressOfBuilds } from '../filters.tsx';

/** Where a person can go and what they can do from each page of a repository, beside its name. */
export function RepositoryActions(shown: { repository: ObservedRepository; links: ProjectLinks | undefined }) {
  const { repository, links } = shown;
  return (
    <div class="acts">
      {links?.page !== undefined && <a href={links.page}>{new URL(links.page).host}</a>}
      <a href={addressOfBuilds(repository.name)}>Builds</a>
      <a href={addressOfBuilds(repository.name, { view: 'grid' })}>Grid</a>
    </div>
  );
}
