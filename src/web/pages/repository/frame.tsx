import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import { hideCredentials } from '../../../kernel/urls.ts';
import { refusedStatuses } from '../../../record/due-statuses.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import type { IconState } from '../../http/icons.ts';
import type { Web } from '../../services.ts';
import { ofRepository } from '../../status/forge-problems.ts';
import { answerPage } from '../layout.tsx';
import { Problems } from '../parts.tsx';
import { RepositoryHead } from './head.tsx';
import { type RepositoryPage, titleOf } from './tabs.tsx';

interface Shown {
  repository: ObservedRepository;
  page: RepositoryPage;
  links: ProjectLinks | undefined;
  /** what the icon and the title of the page tell */
  state?: IconState | undefined;
  /** names of further scripts */
  scripts?: readonly string[];
  content: Child;
}

/** Answers with one of the pages of a repository: its content below the head that all share. */
export async function answerRepositoryPage(
  context: Context<WebEnv>,
  web: Web,
  { repository, page, links, state, scripts, content }: Shown,
): Promise<Response> {
  const { name, error } = repository;
  const refused = await refusedStatuses(web.database, context.get('reader'), name);
  return answerPage(context, web, {
    title: page === 'overview' ? name : `${titleOf(page)} of ${name}`,
    section: 'repositories',
    ...(scripts && { scripts }),
    state,
    content: (
      <article>
        <RepositoryHead context={context} repo={name} page={page} links={links} />
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
