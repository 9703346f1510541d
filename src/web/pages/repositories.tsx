import type { Context } from 'hono';
import { durationStart } from '../../kernel/build-duration.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { recentBuilds } from '../../record/recent-builds.ts';
import { type ObservedRepository, pageOfRepositories } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import type { Web } from '../services.ts';
import { Author } from './author.tsx';
import { answerPage } from './layout.tsx';
import { NoRepositories } from './no-repositories.tsx';
import { PageHead } from './page-head.tsx';
import { Age, BuildMark, Took } from './parts.tsx';
import { preferencesOf } from './preferences.ts';
import { RecentResults } from './repository/recent-results.tsx';
import { Star, StarForm } from './star.tsx';
import { Table } from './table.tsx';
import { PageLinks, TextFilter } from './text-filter.tsx';

const pageSize = 100;
/** Builds of each default branch whose results are shown. */
const recent = 10;

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
  const branchOf = ({ name, defaultBranch }: ObservedRepository) => ({
    repo: name,
    ref: `refs/heads/${defaultBranch}`,
  });
  const buildsOf = await recentBuilds(web.database, repositories.map(branchOf), recent, context.get('reader'));
  const rows = repositories.map((repository) => ({ ...repository, builds: buildsOf(branchOf(repository)) }));
  const { favourites } = preferencesOf(context);
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Repositories',
    section: 'repositories',
    content: (
      <>
        <PageHead title="Repositories">
          {may(context, 'admin') && (
            <a class="button primary" href="/repos/new">
              Add repository
            </a>
          )}
        </PageHead>
        <TextFilter action="/repos" label="Name or URL" text={text} />
        <section id="repositories" data-live="">
          {rows.length > 0 ? (
            <Table
              class="cards"
              rows={rows}
              columns={[
                { head: 'Favourite', label: false, cell: ({ name }) => <Star repo={name} favourites={favourites} /> },
                {
                  head: 'Status',
                  class: 'state',
                  label: false,
                  cell: ({ error, builds: [newest] }) => {
                    if (error) return <span class="status error">poll failed</span>;
                    return newest ? <BuildMark build={newest} /> : <span class="faint">not built</span>;
                  },
                },
                {
                  head: 'Repository',
                  class: 'name',
                  cell: ({ name, url, observedAt }) => (
                    <>
                      <a href={`/repos/${name}`}>{name}</a>
                      <span class="by">{hideCredentials(url)}</span>
                      <span class="by">
                        {observedAt === null ? (
                          'not checked yet'
                        ) : (
                          <>
                            checked <Age time={observedAt} now={now} />
                          </>
                        )}
                      </span>
                    </>
                  ),
                },
                {
                  head: 'Latest build of the default branch',
                  class: 'commit',
                  label: false,
                  cell: ({ defaultBranch, builds: [newest] }) =>
                    newest && (
                      <>
                        <a href={`/builds/${newest.id}`} class="subject">
                          #{newest.number} {newest.subject}
                        </a>
                        <span class="by">
                          {defaultBranch} · <Author build={newest} />
                        </span>
                      </>
                    ),
                },
                { head: 'Last results', label: false, cell: ({ builds }) => <RecentResults builds={builds} /> },
                {
                  head: 'Duration',
                  class: 'number',
                  cell: ({ builds: [newest] }) =>
                    newest && <Took from={durationStart(newest)} to={newest.finishedAt} now={now} />,
                },
                {
                  head: 'Age',
                  class: 'number',
                  cell: ({ builds: [newest] }) => newest && <Age time={newest.createdAt} now={now} />,
                },
              ]}
            />
          ) : text || after ? (
            <p class="empty">No repositories match.</p>
          ) : (
            <NoRepositories context={context} />
          )}
          <PageLinks action="/repos" filter={{ text }} after={after} next={next} />
        </section>
        <StarForm context={context} />
      </>
    ),
  });
}
