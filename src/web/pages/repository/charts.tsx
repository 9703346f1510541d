import type { Context } from 'hono';
import { counted } from '../../../kernel/counted.ts';
import type { RepositoryStatistics } from '../../../kernel/model/statistics-shapes.ts';
import { mostCounted, parseRange, type StatisticsRange } from '../../../kernel/statistics-range.ts';
import { branchNames } from '../../../record/branches.ts';
import { linksOf } from '../../../record/project-links.ts';
import { statisticsOf } from '../../../record/statistics.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import type { Web } from '../../services.ts';
import { preferencesOf } from '../preferences.ts';
import { RangeLinks } from '../range-links.tsx';
import { DurationChart, TestsChart, VerdictsChart, WaitChart } from './build-charts.tsx';
import { answerRepositoryPage } from './frame.tsx';
import { JobTimes } from './job-times.tsx';
import { Numbers } from './numbers.tsx';

/** The ranges to choose from; the address may have others. */
const ranges = ['20', '100', '500', '7d', '30d', '90d'] as const;
const usual = '100';
/** Branches that the field suggests. */
const suggested = 100;

/** What the address of the page asks for. */
interface Chosen {
  /** as `parseRange` takes it */
  range: string;
  /** empty for all */
  branch: string;
}

/** `/repos/:name/charts?range&branch`: durations, waiting, verdicts and tests of the builds of a range. */
export async function chartsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database } = web;
  const repository = await readRepository(database, context.get('reader'), context.req.param('name') ?? '');
  const { name } = repository;
  const asked = context.req.query('range') ?? usual;
  const known = parseRange(asked);
  const { utcOffset } = preferencesOf(context);
  const range: StatisticsRange =
    known && 'days' in known ? { ...known, utcOffset } : (known ?? { builds: Number(usual) });
  const branch = (context.req.query('branch') ?? '').trim().slice(0, 1024);
  const [statistics, branches, projects] = await Promise.all([
    statisticsOf(database, { repo: name, ref: branch === '' ? undefined : `refs/heads/${branch}`, range }),
    branchNames(database, context.get('reader'), [name], suggested),
    linksOf(database, [name]),
  ]);
  const chosen = { range: known ? asked : usual, branch };
  return answerRepositoryPage(context, web, {
    repository,
    page: 'charts',
    links: projects.get(name),
    content: (
      <>
        <div class="list-head">
          <Ranges repo={name} chosen={chosen} />
          <BranchField repo={name} chosen={chosen} branches={branches} />
        </div>
        <div id="charts" data-live="">
          <Charts statistics={statistics} range={range} chosen={chosen} />
        </div>
      </>
    ),
  });
}

/** `7 days` or `100 builds` */
function rangeText(range: StatisticsRange): string {
  return 'days' in range ? counted(range.days, 'day') : counted(range.builds, 'build');
}

function Ranges({ repo, chosen }: { repo: string; chosen: Chosen }) {
  const offered: string[] = (ranges as readonly string[]).includes(chosen.range)
    ? [...ranges]
    : [...ranges, chosen.range];
  return (
    <RangeLinks
      ranges={offered.map((range) => ({
        words: rangeText(parseRange(range) ?? { builds: 1 }),
        href: `/repos/${repo}/charts?${new URLSearchParams({ range, ...(chosen.branch !== '' && { branch: chosen.branch }) })}`,
        current: range === chosen.range,
      }))}
    />
  );
}

function BranchField({ repo, chosen, branches }: { repo: string; chosen: Chosen; branches: readonly string[] }) {
  return (
    <form class="filters" method="get" action={`/repos/${repo}/charts`}>
      <input type="hidden" name="range" value={chosen.range} />
      <label>
        Branch
        <input name="branch" value={chosen.branch} placeholder="All" list="branches" autocomplete="off" />
      </label>
      <datalist id="branches">
        {branches.map((branch) => (
          <option value={branch} />
        ))}
      </datalist>
      <button type="submit">Show</button>
    </form>
  );
}

function Charts(shown: { statistics: RepositoryStatistics; range: StatisticsRange; chosen: Chosen }) {
  const { statistics, range, chosen } = shown;
  const { passed, failed, errors, groups, jobs, complete } = statistics;
  if (passed + failed + errors === 0) {
    return (
      <p class="empty">
        No build{chosen.branch === '' ? '' : ` of ${chosen.branch}`} has a result
        {'days' in range ? ` in the last ${rangeText(range)}` : ' yet'}.
      </p>
    );
  }
  const days = 'days' in range ? { utcOffset: range.utcOffset } : undefined;
  return (
    <>
      {!complete && <p class="faint">These are the newest {mostCounted} builds of the range.</p>}
      <div class="charts">
        <DurationChart statistics={statistics} days={days} />
        <VerdictsChart statistics={statistics} days={days} />
        <WaitChart statistics={statistics} days={days} />
        {groups.some(({ tests }) => tests !== null) && <TestsChart statistics={statistics} days={days} />}
      </div>
      <JobTimes jobs={jobs} />
      <Numbers groups={groups} days={days} />
    </>
  );
}
