import type { Context } from 'hono';
import { type BuildId, type BuildSummary, parseBuildId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { countNewer, pageOfBuilds } from '../../record/build-search.ts';
import { estimatesOf } from '../../record/estimates.ts';
import { jobsOfBuilds } from '../../record/grid.ts';
import { dotsOfBuilds } from '../../record/job-dots.ts';
import { linksOf } from '../../record/project-links.ts';
import { repositoryNames } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { withForgeLinks } from '../requests/forge-links.ts';
import type { Web } from '../services.ts';
import { systemStatus } from '../status/system-status.ts';
import { addressOf, type Filter, filterOf, searchOf } from './build-filter.ts';
import { BuildList } from './build-list.tsx';
import { Density } from './density.tsx';
import { Filters } from './filters.tsx';
import { Grid } from './grid.tsx';
import { mostDots } from './job-dots.tsx';
import { answerPage } from './layout.tsx';
import { NoBuilds } from './no-builds.tsx';
import { OpenBuilds } from './open-builds.tsx';
import { PageHead } from './page-head.tsx';
import { stateOfAll } from './page-state.ts';
import { type Preferences, preferencesOf } from './preferences.ts';
import { ProblemBanner } from './problem-banner.tsx';
import { RepositoryHead } from './repository/head.tsx';
import { Tabs } from './tabs.tsx';
import { Mine } from './who-are-you.tsx';

const pageSize = 50;
/** Builds on one page of the grid. */
const gridSize = 30;
/** More new builds than this are counted as `100+`. */
const mostNewer = 100;

/**
 * `/builds`: builds, newest first, filtered by the query, as a list or as a grid of commits × jobs. With `before` it begins below a
 * build; with `upto` it begins with a build and says how many newer ones there are, so that a page that is being read stays in place.
 */
export async function buildsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  // a form sends its empty fields, too
  if ([...new URL(context.req.url).searchParams.values()].includes(''))
    return context.redirect(addressOf(filterOf(context)), 303);
  const filter = filterOf(context);
  const before = parseBuildId(context.req.query('before') ?? '');
  const upto = parseBuildId(context.req.query('upto') ?? '');
  const reader = context.get('reader');
  const preferences = preferencesOf(context);
  const person = context.get('caller')?.person ?? null;
  const search = searchOf(filter, reader, preferences, person?.id ?? null);
  const [found, newer, repositories, problems] = await Promise.all([
    search
      ? pageOfBuilds(web.database, search, {
          before: before ?? (upto && next(upto)),
          limit: filter.view === 'grid' ? gridSize : pageSize,
        })
      : { builds: [], next: undefined },
    search && upto ? countNewer(web.database, search, upto, mostNewer) : 0,
    repositoryNames(web.database, reader),
    // visitors who may only read public repositories do not see the state of Volt
    reader.internal ? systemStatus(web, reader).then((status) => status.problems) : [],
  ]);
  const repo = filter.repo.length === 1 ? filter.repo[0] : undefined;
  const isKnown = repo !== undefined && repositories.includes(repo);
  const projects = await linksOf(web.database, isKnown ? [repo] : []);
  const density = filter.view === 'list' && <Density context={context} compact={preferences.compact} />;
  return answerPage(context, web, {
    title: filter.repo.length === 0 ? 'Builds' : `Builds of ${filter.repo.join(', ')}`,
    state: stateOfAll(found.builds),
    section: isKnown ? 'repositories' : 'builds',
    scripts: ['builds'],
    content: (
      <>
        {isKnown ? (
          <RepositoryHead context={context} repo={repo} page="builds" links={projects.get(repo)}>
            {density}
          </RepositoryHead>
        ) : (
          <PageHead title="Builds">{density}</PageHead>
        )}
        <ProblemBanner context={context} problems={problems} />
        {repo !== undefined && (
          <Tabs
            label="Views of the builds"
            inner
            tabs={[
              { title: 'List', href: addressOf({ ...filter, view: 'list' }), current: filter.view === 'list' },
              { title: 'Grid', href: addressOf({ ...filter, view: 'grid' }), current: filter.view === 'grid' },
            ]}
          />
        )}
        <Filters filter={filter} repositories={repositories} />
        {filter.mine && (preferences.me !== '' || person !== null) && (
          <Mine context={context} me={preferences.me} isKnown={person !== null} />
        )}
        {search && <OpenBuilds database={web.database} search={search} filter={filter} />}
        <p id="newer" data-live="" role="status">
          {newer > 0 && (
            <a class="button" href={addressOf(filter)} data-newer="">
              {newer >= mostNewer ? `${mostNewer}+` : newer} new {newer === 1 ? 'build' : 'builds'}
            </a>
          )}
        </p>
        <div id="builds" data-live="" data-newest={before ? undefined : found.builds[0]?.id} tabindex={-1}>
          {found.builds.length > 0 ? (
            await listOrGrid(web, filter, found.builds, preferences)
          ) : (
            <NoBuilds
              context={context}
              database={web.database}
              filter={filter}
              repositories={repositories}
              isUnknown={preferences.me === '' && person === null}
            />
          )}
          <nav class="pages" aria-label="Pages">
            {before && <a href={addressOf(filter)}>Newest</a>}
            {found.next && <a href={addressOf(filter, { before: found.next })}>Older</a>}
          </nav>
        </div>
      </>
    ),
  });
}

function next(build: BuildId): BuildId {
  return String(Number(build) + 1) as BuildId;
}

/** The builds as a list or a grid, as the query asks. */
async function listOrGrid({ database }: Web, filter: Filter, builds: BuildSummary[], { compact }: Preferences) {
  const now = serverNow();
  const ids = builds.map(({ id }) => id);
  if (filter.view === 'grid') return <Grid builds={builds} jobs={await jobsOfBuilds(database, ids)} now={now} />;
  const [estimates, dots, linked] = await Promise.all([
    estimatesOf(database, builds),
    dotsOfBuilds(database, ids, mostDots),
    withForgeLinks(database, builds),
  ]);
  return <BuildList builds={linked} estimates={estimates} dots={dots} compact={compact} now={now} />;
}
