import type { Context } from 'hono';
import type { BuildId } from '../../kernel/model.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { brokenSince } from '../../record/broken-since.ts';
import { countOpen } from '../../record/build-search.ts';
import { type DefaultBranch, defaultBranches, runningByRepository } from '../../record/default-branches.ts';
import { type RefOf, recentBuilds } from '../../record/recent-builds.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { systemStatus } from '../status/system-status.ts';
import { noFilter, searchOf } from './build-filter.ts';
import { answerPage } from './layout.tsx';
import { NoRepositories } from './no-repositories.tsx';
import { PageHead } from './page-head.tsx';
import { stateOfAll } from './page-state.ts';
import { preferencesOf } from './preferences.ts';
import { ProblemBanner } from './problem-banner.tsx';
import { StarForm } from './star.tsx';
import { StartList, StartSummary } from './start-list.tsx';

/** Repositories on one page. */
const pageSize = 60;
/** Builds of each repository. */
const shownBuilds = 20;

/**
 * `/`: the default branch of each repository at a glance, the reader's favourites first, then what fails. The number of queries is the
 * same for one repository and for hundreds.
 */
export async function startPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database } = web;
  const reader = context.get('reader');
  const preferences = preferencesOf(context);
  const { favourites } = preferences;
  const [all, running, problems] = await Promise.all([
    defaultBranches(database, reader),
    runningByRepository(database),
    // visitors who may only read public repositories do not see the state of Volt
    reader.internal ? systemStatus(web, reader).then((status) => status.problems) : [],
  ]);
  const number = Math.max(1, Math.trunc(Number(context.req.query('page'))) || 1);
  const sorted = inOrder(all, favourites);
  const shown = sorted.slice((number - 1) * pageSize, number * pageSize);
  const verdicts = shown.flatMap(({ passes, verdict }): BuildId[] => (passes === false && verdict ? [verdict] : []));
  const search = searchOf(noFilter, reader, preferences, null);
  const [buildsOf, broken, open] = await Promise.all([
    recentBuilds(database, shown.map(refOf), shownBuilds, reader),
    brokenSince(database, verdicts, reader),
    search ? countOpen(database, search) : { running: 0, queued: 0 },
  ]);
  const glances = shown.map((branch) => ({
    ...branch,
    builds: buildsOf(refOf(branch)).toReversed(),
    broken: branch.verdict && broken.get(branch.verdict),
    running: running.get(branch.repo) ?? 0,
  }));
  return answerPage(context, web, {
    title: 'Start',
    section: 'start',
    state: stateOfAll(shown.flatMap((branch) => buildsOf(refOf(branch)).slice(0, 1))),
    content: (
      <>
        <PageHead title="Start" />
        <ProblemBanner context={context} problems={problems} />
        {all.length === 0 ? (
          <NoRepositories context={context} />
        ) : (
          <div id="start" data-live="">
            <StartSummary all={all} open={open} />
            <StartList glances={glances} favourites={favourites} now={serverNow()} />
            <nav class="pages" aria-label="Pages">
              {number > 1 && <a href={number === 2 ? '/' : `/?page=${number - 1}`}>Previous</a>}
              {sorted.length > number * pageSize && <a href={`/?page=${number + 1}`}>Next</a>}
            </nav>
          </div>
        )}
        <StarForm context={context} />
      </>
    ),
  });
}

function refOf({ repo, branch }: DefaultBranch): RefOf {
  return { repo, ref: `refs/heads/${branch}` };
}

/** Favourites first; of these and of the others, what fails before what passes, and that before what has no verdict. */
function inOrder(branches: readonly DefaultBranch[], favourites: readonly string[]): DefaultBranch[] {
  const rank = ({ repo, passes, error }: DefaultBranch) =>
    (favourites.includes(repo) ? 0 : 10) + (passes === false || error !== null ? 0 : passes === true ? 1 : 2);
  return [...branches].sort((a, b) => rank(a) - rank(b));
}
