import type { Context } from 'hono';
import { serverNow } from '../../../kernel/server-time.ts';
import { pageOfGrants } from '../../../record/grant-lists.ts';
import { linksOf } from '../../../record/project-links.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { may } from '../../access/rights.ts';
import type { Web } from '../../services.ts';
import { answerRepositoryPage } from './frame.tsx';
import { RepositoryAccess } from './repository-access.tsx';
import { Checks, SettingFacts } from './setting-facts.tsx';
import { isSetting } from './setting-fields.ts';
import { type Refused, Saved, SettingsForm } from './settings-form.tsx';

/** The most grants that are shown. */
const mostGrants = 100;

/** `/repos/:name/settings`: how a repository is watched and tested, with a form for those who own it. */
export async function settingsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  return answerSettings(context, web, repository);
}

/** @param refused what was wrong with the form that this answers */
export async function answerSettings(
  context: Context<WebEnv>,
  web: Web,
  repository: ObservedRepository,
  refused?: Refused,
): Promise<Response> {
  const projects = await linksOf(web.database, [repository.name]);
  const saved = context.req.query('saved');
  return answerRepositoryPage(context, web, {
    repository,
    page: 'settings',
    links: projects.get(repository.name),
    content: (
      <>
        <section id="checks" data-live="">
          <Checks repository={repository} now={serverNow()} />
        </section>
        {/* outside of the live section, so that it is not redrawn while a person types */}
        {may(context, 'own', repository.name) ? (
          <>
            {saved !== undefined && <Saved repository={repository} settings={saved.split(' ').filter(isSetting)} />}
            <SettingsForm repository={repository} refused={refused} isAdmin={may(context, 'admin')} />
            <section id="access" class="end">
              <h2>Who may do what here</h2>
              <RepositoryAccess
                repo={repository.name}
                page={await pageOfGrants(web.database, { repo: repository.name, limit: mostGrants })}
                isAdmin={may(context, 'admin')}
              />
            </section>
            {may(context, 'admin') && (
              <section class="end">
                <h2>Stop watching</h2>
                <p>Volt builds nothing more of {repository.name}. You can keep its builds, or delete them.</p>
                <p>
                  <a class="button danger" href={`/repos/${repository.name}/remove`}>
                    Stop watching…
                  </a>
                </p>
              </section>
            )}
          </>
        ) : (
          <SettingFacts repository={repository} />
        )}
      </>
    ),
  });
}
