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

/** `/repos`: what is observed, with the newest build of each default branch. */
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
    place: 'repositories',
    content: (
      <>
        <h1>Repositories</h1>
        <TextFilter action="/repos" label="Name or address" text={text} />
        <section id="repositories" data-live="">
          {rows.length === 0 && (
            <p class="empty">
              {text || after
                ? 'No repository fits.'
                : context.get('signedIn')
                  ? 'There is no repository yet, or none that your token may read.'
                  : 'There is no repository yet, or none that may be read without signing in.'}
            </p>
          )}
          <table class="cards">
            <thead>
              <tr>
                <th>Newest</th>
                <th>Repository</th>
                <th>Commit of its default branch</th>
                <th class="number">Looked at</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, url, observedAt, error, newest }) => (
                <tr>
                  <td>
                    {error ? (
                      <span class="status error">cannot be read</span>
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
                  <td class="number" data-label="Looked at">
                    {observedAt === null ? 'not yet' : <Age time={observedAt} now={now} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <nav class="pages" aria-label="Pages">
          {after && <a href={`/repos${text && `?${new URLSearchParams({ text })}`}`}>First</a>}
          {next !== null && <a href={`/repos?${new URLSearchParams({ ...(text && { text }), after: next })}`}>More</a>}
        </nav>
      </>
    ),
  });
}
