import type { Context } from 'hono';
import { type BuildId, type BuildSummary, parseBuildId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { listBuilds, newestBuild } from '../../record/builds.ts';
import { estimatesOf } from '../../record/estimates.ts';
import { jobsOfBuilds } from '../../record/grid.ts';
import { repositoryNames } from '../../record/repositories.ts';
import type { Reader } from '../../record/visibility.ts';
import type { WebEnv } from '../access/env.ts';
import { withForgeLinks } from '../requests/forge-links.ts';
import type { Web } from '../services.ts';
import { systemStatus } from '../status/system-status.ts';
import { BuildList } from './build-list.tsx';
import { addressOf, type Filter, Filters, filterOf, isFiltered } from './filters.tsx';
import { Grid } from './grid.tsx';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { Problems } from './parts.tsx';
import { RepositoryTabs } from './repository/tabs.tsx';
import { Tabs } from './tabs.tsx';

const pageSize = 50;
/** Builds on one page of the grid. */
const gridSize = 30;
/** Builds that one request searches for text: the database has no index for it, so it reads them one by one. */
const searchedBuilds = 20_000;

/** `/`: builds, newest first, filtered by the query, as a list or as a grid of commits × jobs. */
export async function buildsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const filter = filterOf((name) => context.req.query(name));
  const before = parseBuildId(context.req.query('before') ?? '');
  const reader = context.get('reader');
  const [found, repositories, problems] = await Promise.all([
    findBuilds(web, reader, filter, before),
    repositoryNames(web.database, reader),
    // visitors who may only read public repositories do not see the state of Volt
    reader.internal ? systemStatus(web, reader).then((status) => status.problems) : [],
  ]);
  return answerPage(context, web, {
    title: filter.repo || 'Builds',
    section: 'builds',
    content: (
      <>
        <PageHead
          title={filter.repo || 'Builds'}
          {...(filter.repo === '' ? {} : { above: [{ title: 'Builds', href: '/builds' }] })}
        />
        {repositories.includes(filter.repo) && <RepositoryTabs repo={filter.repo} current="builds" />}
        <Problems problems={problems} />
        <Filters filter={filter} repositories={repositories} />
        {filter.repo !== '' && (
          <Tabs
            label="Views of the builds"
            inner
            tabs={[
              { title: 'List', href: addressOf({ ...filter, view: '' }), current: filter.view === '' },
              { title: 'Grid', href: addressOf({ ...filter, view: 'grid' }), current: filter.view === 'grid' },
            ]}
          />
        )}
        <div id="builds" data-live="">
          {found.builds.length > 0 ? (
            await asked(web, filter, found.builds)
          ) : (
            <Nothing filter={filter} observed={repositories.length} signedIn={context.get('signedIn')} />
          )}
          <nav class="pages" aria-label="Pages">
            {before && <a href={addressOf(filter)}>Newest</a>}
            {found.older && <a href={addressOf(filter, found.older)}>Older</a>}
          </nav>
        </div>
      </>
    ),
  });
}

interface Found {
  builds: BuildSummary[];
  /** builds before this one are still to be shown or searched */
  older: BuildId | undefined;
}

async function findBuilds(web: Web, reader: Reader, filter: Filter, before: BuildId | undefined): Promise<Found> {
  const size = filter.view === 'grid' ? gridSize : pageSize;
  const isSearch = filter.author !== '' || filter.text !== '';
  const top = isSearch ? Number(before ?? Number((await newestBuild(web.database)) ?? 0) + 1) : 0;
  const after = Math.max(0, top - searchedBuilds - 1);
  const builds = await listBuilds(web.database, {
    reader,
    repo: filter.repo || undefined,
    branch: filter.branch || undefined,
    pull: filter.pull === '' ? undefined : Number(filter.pull),
    status: filter.status || undefined,
    author: filter.author || undefined,
    text: filter.text || undefined,
    before,
    after: isSearch ? (String(after) as BuildId) : undefined,
    limit: size + 1,
  });
  const shown = builds.slice(0, size);
  const rest = isSearch && after > 0 ? (String(after + 1) as BuildId) : undefined;
  return { builds: shown, older: builds.length > size ? shown.at(-1)?.id : rest };
}

/** The builds as a list or a grid, as the query asks. */
async function asked(web: Web, filter: Filter, builds: BuildSummary[]) {
  const now = serverNow();
  if (filter.view === 'grid') {
    const jobs = await jobsOfBuilds(
      web.database,
      builds.map(({ id }) => id),
    );
    return <Grid builds={builds} jobs={jobs} now={now} />;
  }
  const estimates = await estimatesOf(web.database, builds);
  const linked = await withForgeLinks(web.database, builds);
  return <BuildList builds={linked} estimates={estimates} now={now} />;
}

function Nothing({ filter, observed, signedIn }: { filter: Filter; observed: number; signedIn: boolean }) {
  if (isFiltered(filter)) return <p class="empty">No builds match this filter.</p>;
  if (observed > 0)
    return <p class="empty">No builds yet. The first one appears here after Volt has polled the repository.</p>;
  // do not reveal whether there are repositories that need a token
  if (!signedIn) return <p class="empty">No repositories yet, or none that you can see without signing in.</p>;
  return (
    <p class="empty">
      No repositories yet, or none that your token can read. Add one with <code>volt repo add NAME PATH-OR-URL</code>.
    </p>
  );
}
