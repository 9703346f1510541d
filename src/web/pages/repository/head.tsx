import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { WebEnv } from '../../access/env.ts';
import { offers } from '../../access/rights.ts';
import { PageHead } from '../page-head.tsx';
import { preferencesOf } from '../preferences.ts';
import { Star, StarForm } from '../star.tsx';
import { RepositoryActions } from './actions.tsx';
import { type RepositoryPage, RepositoryTabs } from './tabs.tsx';

interface Shown {
  context: Context<WebEnv>;
  repo: string;
  page: RepositoryPage;
  links: ProjectLinks | undefined;
  /** what can be done on this page alone */
  children?: Child;
}

/** The head that all pages of a repository share: its name, what can be done with it, and the tabs. */
export function RepositoryHead({ context, repo, page, links, children }: Shown) {
  return (
    <>
      <PageHead title={repo} above={[{ title: 'Repositories', href: '/repos' }]}>
        {children}
        <StarForm context={context} />
        <Star repo={repo} favourites={preferencesOf(context).favourites} />
        <RepositoryActions repo={repo} links={links} page={page} mayBuild={offers(context, 'run', repo)} />
      </PageHead>
      <RepositoryTabs repo={repo} current={page} />
    </>
  );
}
