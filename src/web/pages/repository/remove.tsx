import type { Context } from 'hono';
import { linksOf } from '../../../record/project-links.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { requireRole } from '../../access/rights.ts';
import { removeRepository } from '../../requests/repositories.ts';
import type { Web } from '../../services.ts';
import { Command } from '../command.tsx';
import { answerRepositoryPage } from './frame.tsx';

/** `/repos/:name/remove`: asks whether a repository is to be watched no more, and what becomes of its builds. */
export async function removePage(context: Context<WebEnv>, web: Web): Promise<Response> {
  requireRole(context, 'admin', 'removing a repository');
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const { name } = repository;
  const projects = await linksOf(web.database, [name]);
  return answerRepositoryPage(context, web, {
    repository,
    page: 'settings',
    links: projects.get(name),
    content: (
      <form class="confirm" method="post" action={`/repos/${name}/remove`}>
        <h2>Stop watching {name}?</h2>
        <p>
          Volt cancels its open builds, and deletes its secrets, variables and webhook. You can add it again at any
          time.
        </p>
        <fieldset>
          <legend>Its builds, logs and results</legend>
          <label>
            <input type="radio" name="purge" value="0" checked /> stay visible
            <span class="hint">
              <Command line={`volt repo rm ${name}`} /> does the same.
            </span>
          </label>
          <label>
            <input type="radio" name="purge" value="1" /> are deleted for good
            <span class="hint">
              <Command line={`volt repo rm ${name} --purge`} /> does the same.
            </span>
          </label>
        </fieldset>
        <div class="acts">
          <button type="submit" class="danger">
            Stop watching {name}
          </button>
          <a class="button" href={`/repos/${name}/settings`}>
            Cancel
          </a>
        </div>
      </form>
    ),
  });
}

/** Handles the form, which works without a script. */
export async function removeFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { purge } = await context.req.parseBody();
  await removeRepository(web, context.req.param('name') ?? '', purge === '1');
  return context.redirect('/repos', 303);
}
