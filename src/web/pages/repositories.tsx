import type { Context } from 'hono';
import { hideCredentials } from '../../kernel/urls.ts';
import { newestOf } from '../../record/branches.ts';
import { listRepositories } from '../../record/repositories.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { answerPage } from './layout.tsx';
import { Age, StatusMark } from './parts.tsx';

/** `/repos`: what is observed, with the newest build of each default branch. */
export async function repositoriesPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repositories = await listRepositories(web.record);
  const rows = await Promise.all(
    repositories.map(async (repository) => {
      const { name, defaultBranch } = repository;
      const newest =
        defaultBranch === null ? undefined : await newestOf(web.record, name, `refs/heads/${defaultBranch}`);
      return { ...repository, newest };
    }),
  );
  const now = Date.now();
  return answerPage(context, web, {
    title: 'Repositories',
    place: 'repositories',
    content: (
      <section id="repositories" data-live="">
        <h1>Repositories</h1>
        {rows.length === 0 && <p class="empty">No repository is observed yet.</p>}
        <table class="cards">
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
                    <>
                      <a href={`/builds/${newest.id}`}>#{newest.number}</a> {newest.subject}
                    </>
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
    ),
  });
}
