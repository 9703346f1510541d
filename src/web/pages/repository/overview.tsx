import type { Context } from 'hono';
import { serverNow } from '../../../kernel/server-time.ts';
import { searchBuilds } from '../../../record/build-search.ts';
import { listDeployments } from '../../../record/deployments.ts';
import { listEnvironments } from '../../../record/environments.ts';
import { estimatesOf } from '../../../record/estimates.ts';
import { dotsOfBuilds } from '../../../record/job-dots.ts';
import { linksOf } from '../../../record/project-links.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { offers } from '../../access/rights.ts';
import { addressForOthers } from '../../access/sign-in-address.ts';
import { withForgeLinks } from '../../requests/forge-links.ts';
import type { Web } from '../../services.ts';
import { addressOfBuilds } from '../build-filter.ts';
import { BuildList } from '../build-list.tsx';
import { Deployments } from '../deployments.tsx';
import { mostDots } from '../job-dots.tsx';
import { stateOfAll } from '../page-state.ts';
import { BadgeSnippet } from './badge-snippet.tsx';
import { BranchState, branchState } from './branch-state.tsx';
import { answerRepositoryPage } from './frame.tsx';
import { Schedules, scheduleFacts } from './schedules.tsx';

/** Builds in the list. */
const listed = 10;
const mostDeployments = 10;

/** `/repos/:name`: the state of the default branch, the latest builds, deployments, schedules and the badge. */
export async function repositoryPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database, hosts } = web;
  const { privateHost } = web.guard;
  const reader = context.get('reader');
  const repository = await readRepository(database, reader, context.req.param('name') ?? '');
  const { name, defaultBranch } = repository;
  const branch = defaultBranch === null ? null : `refs/heads/${defaultBranch}`;
  const [builds, state, schedules, environments, deployments, projects] = await Promise.all([
    searchBuilds(database, { reader, repos: [name] }, { limit: listed }),
    branch === null ? undefined : branchState(database, { repo: name, ref: branch }, reader),
    scheduleFacts(database, name, branch),
    listEnvironments(database, name),
    listDeployments(database, name, { limit: mostDeployments }),
    linksOf(database, [name]),
  ]);
  const links = projects.get(name);
  const now = serverNow();
  return answerRepositoryPage(context, web, {
    repository,
    page: 'overview',
    state: stateOfAll((state?.builds ?? []).slice(0, 1)),
    links,
    scripts: ['builds'],
    content: (
      <>
        <section id="state" data-live="">
          <BranchState branch={defaultBranch} state={state} now={now} />
        </section>
        <section id="builds" data-live="">
          <h2>Latest builds</h2>
          {builds.length === 0 ? (
            <p class="empty">No builds yet. Volt builds the newest commit when it has checked the repository.</p>
          ) : (
            <>
              <BuildList
                builds={await withForgeLinks(database, builds)}
                estimates={await estimatesOf(database, builds)}
                dots={
                  await dotsOfBuilds(
                    database,
                    builds.map(({ id }) => id),
                    mostDots,
                  )
                }
                now={now}
              />
              <p>
                <a href={addressOfBuilds(name)}>All builds</a>
                {offers(context, 'run', name) && builds.some(({ status }) => status === 'error') && (
                  <>
                    {' · '}
                    <a href={`/builds/retry-errors?${new URLSearchParams({ repo: name })}`}>Retry errors</a>
                  </>
                )}
              </p>
            </>
          )}
        </section>
        <section id="deployments" data-live="">
          {environments.length + deployments.length > 0 && <h2>Environments and deployments</h2>}
          <Deployments environments={environments} deployments={deployments} links={links} now={now} />
        </section>
        <section id="schedules" data-live="">
          <Schedules schedules={schedules} />
        </section>
        <BadgeSnippet repo={name} address={addressForOthers(context.get('source').origin, { hosts, privateHost })} />
      </>
    ),
  });
}
