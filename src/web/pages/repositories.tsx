import type { Context } from 'hono';
import { serverNow } from '../../kernel/server-time.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { recentBuilds } from '../../record/recent-builds.ts';
import { pageOfRepositories } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Age, BuildMark } from './parts.tsx';
import { preferencesOf } from './preferences.ts';
import { Star, StarForm } from './star.tsx';
import { Table } from './table.tsx';
import { PageLinks, TextFilter } from './text-filter.tsx';

const pageSize = 100;

/** `/repos`: the repositories, with the newest build of each default branch. */
export async function repositoriesPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const text = (context.req.query('text') ?? '').trim().slice(0, 1024);
  const after = context.req.query('after')?.slice(0, 64);
  const { repositories, next } = await pageOfRepositories(web.database, {
    reader: context.get('reader'),
    limit: pageSize,
    text: text || undefined,
    after: after || undefined,
  });
  const refOf = ({ name, defaultBranch }: { name: string; defaultBranch: string | null }) => ({
    repo: name,
    ref: `refs/heads/${defaultBranch}`,
  });
  const buildsOf = await recentBuilds(web.database, repositories.map(refOf), 1);
  const rows = repositories.map((repository) => ({ ...repository, newest: buildsOf(refOf(repository))[0] }));
  const { favourites } = preferencesOf(context);
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Repositories',
    section: 'repositories',
    content: (
      <>
        <PageHead title="Repositories" />
        <TextFilter action="/repos" label="Name or URL" text={text} />
        <section id="repositories" data-live="">
          {rows.length === 0 && (
            <p class="empty">
              {text || after
                ? 'No repositories match.'
                : context.get('signedIn')
                  ? 'No repositories yet, or none that your token can read.'
                  : 'No repositories yet, or none that you can see without signing in.'}
            </p>
          )}
          <Table
            class="cards"
            rows={rows}
            columns={[
              { head: 'Favourite', label: false, cell: ({ name }) => <Star repo={name} favourites={favourites} /> },
              {
                head: 'Status',
                label: false,
                cell: ({ error, newest }) => {
                  if (error) return <span class="status error">poll failed</span>;
                  return newest && <BuildMark build={newest} />;
                },
              },
              {
                head: 'Repository',
                class: 'name',
                cell: ({ name, url }) => (
                  <>
                    <a href={`/repos/${name}`}>{name}</a>
                    <span class="by">{hideCredentials(url)}</span>
                  </>
                ),
              },
              {
                head: 'Latest build of the default branch',
                class: 'commit',
                label: false,
                cell: ({ newest }) =>
                  newest && (
                    <a class="subject" href={`/builds/${newest.id}`}>
                      #{newest.number} {newest.subject}
                    </a>
                  ),
              },
              {
                head: 'Last checked',
                class: 'number',
                cell: ({ observedAt }) => (observedAt === null ? 'never' : <Age time={observedAt} now={now} />),
              },
            ]}
          />
        </section>
        <StarForm context={context} />
        <PageLinks action="/repos" text={text} after={after} next={next} />
      </>
    ),
  });
}
