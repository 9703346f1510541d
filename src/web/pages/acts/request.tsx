import type { Context } from 'hono';
import type { WebEnv } from '../../access/env.ts';
import { nothingHere } from '../../http/errors.ts';
import { outcomeOf } from '../../requests/outcome.ts';
import type { Web } from '../../services.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Problems } from '../parts.tsx';
import { above } from './crumbs.ts';

/** Seconds after which a browser loads the page again. */
const again = 2;

/** `/requests/:id`: waits until a requested build is there, then leads to it. */
export async function requestPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const id = /^\d{1,15}$/.exec(context.req.param('id') ?? '')?.[0];
  if (id === undefined) return nothingHere(context);
  const { repo, open, kind, build, madeBuild, error } = await outcomeOf(web, context.get('reader'), Number(id));
  const to = madeBuild ?? build;
  if (!open && !error && to !== null) return context.redirect(`/builds/${to}`, 303);
  if (open) context.header('refresh', String(again));
  return answerPage(context, web, {
    title: open ? 'Waiting for the build' : 'No build',
    section: 'repositories',
    confidential: true,
    content: (
      <article class="act">
        <PageHead title={open ? 'Waiting for the build' : 'The build could not be started'} above={above(repo)} />
        {open ? (
          <p role="status">
            An observer fetches the commit and a dispatcher plans its build; then this page leads there. If it takes
            long, <a href="/runners">see whether both are up</a>.
          </p>
        ) : (
          error && <Problems problems={[error]} />
        )}
        {!open && kind === 'trigger' && (
          <p>
            <a href={`/repos/${repo}/build`}>Back to the form</a>
          </p>
        )}
      </article>
    ),
  });
}
