import type { Context } from 'hono';
import { serverNow } from '../../kernel/server-time.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { newestOf } from '../../record/branches.ts';
import { pageOfRepositories } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { Age, StatusMark } from './parts.tsx';
import { TextFilter } from './text-filter.tsx';

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
  const rows = await Promise.all(
    repositories.map(async (repository) => {
      const { name, defaultBranch } = repository;
      const newest =
        defaultBranch === null ? undefined : await newestOf(web.database, name, `refs/heads/${defaultBranch}`);
      return { ...repository, newest };
    }),
  );
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Repositories',
    section: 'repositories',
    content: (
      <>
        <h1>Repositories</h1>
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
          <table class="cards">
            <thead>
              <tr>
                <th>Status</th>
                <th>Repository</th>
                <th>Latest build of the default branch</th>
                <th class="number">Last checked</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, url, observedAt, error, newest }) => (
                <tr>
                  <td>
                    {error ? (
                      <span class="status error">poll failed</span>
                    ) : (
                      newest && <StatusMark status={newest.status} />
                    )}
                  </td>
                  <td class="name">
                    <a href={`/repos/${name}`}>{name}</a>
                    <span class="by">{hideCredentials(url)}</span>
                  </td>
                  <td class="commit">
                    {newest && (
                      <span>
                        <a href={`/builds/${newest.id}`}>#{newest.number}</a> {newest.subject}
                      </span>
                    )}
                  </td>
                  <td class="number" data-label="Last checked">
                    {observedAt === null ? 'never' : <Age time={observedAt} now={now} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <nav class="pages" aria-label="Pages">
          {after && <a href={`/repos${text && `?${new URLSearchParams({ text })}`}`}>First page</a>}
          {next !== null && (
            <a href={`/repos?${new URLSearchParams({ ...(text && { text }), after: next })}`}>Next page</a>
          )}
        </nav>
      </>
    ),
  });
}
