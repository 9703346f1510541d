import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import { hideCredentials } from '../../../kernel/urls.ts';
import { refusedStatuses } from '../../../record/due-statuses.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import type { Web } from '../../services.ts';
import { ofRepository } from '../../status/forge-problems.ts';
import { answerPage } from '../layout.tsx';
import { Problems } from '../parts.tsx';
import { RepositoryActions } from './actions.tsx';

/** The pages of a repository: their titles, and their addresses below that of the repository. */
const pages = {
  overview: { title: 'Overview', path: '' },
  branches: { title: 'Branches', path: '/branches' },
  charts: { title: 'Charts', path: '/charts' },
  tests: { title: 'Tests', path: '/tests' },
  settings: { title: 'Settings', path: '/settings' },
} as const;

type RepositoryPage = keyof typeof pages;

interface Shown {
  repository: ObservedRepository;
  page: RepositoryPage;
  links: ProjectLinks | undefined;
  content: Child;
}

/** Answers with one of the pages of a repository: its content below the heading, the actions and the tabs that all share. */
export async function answerRepositoryPage(
  context: Context<WebEnv>,
  web: Web,
  { repository, page, links, content }: Shown,
): Promise<Response> {
  const { name, error } = repository;
  const refused = await refusedStatuses(web.database, context.get('reader'), name);
  return answerPage(context, web, {
    title: page === 'overview' ? name : `${pages[page].title} of ${name}`,
    section: 'repositories',
    content: (
      <article>
        <div class="path">
          <p>
            <a href="/repos">Repositories</a> / {name}
          </p>
        </div>
        <header class="title">
          <h1>{name}</h1>
          <RepositoryActions repository={repository} links={links} />
        </header>
        <nav class="tabs" aria-label={`Pages of ${name}`}>
          {Object.entries(pages).map(([key, { title, path }]) => (
            <a href={`/repos/${name}${path}`} aria-current={key === page ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Problems
          problems={[
            ...(error === null ? [] : [{ ...error, message: hideCredentials(error.message) }]),
            ...refused.map(ofRepository),
          ]}
        />
        {content}
      </article>
    ),
  });
}
