import type { Context } from 'hono';
import { statusWords } from '../../../kernel/model.ts';
import { duration } from '../../../kernel/times.ts';
import { linksOf } from '../../../record/project-links.ts';
import { type TrendPoint, trendOf } from '../../../record/trends.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import type { Web } from '../../services.ts';
import { Chart, type Point } from '../chart.tsx';
import { answerRepositoryPage } from './frame.tsx';

/** Builds in the charts. */
const charted = 100;
/** Builds that count for the success rate at each point. */
const span = 20;

/** `/repos/:name/charts`: durations, waiting, the success rate and the number of tests over the last builds. */
export async function chartsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database } = web;
  const repository = await readRepository(database, context.get('reader'), context.req.param('name') ?? '');
  const { name } = repository;
  const [trend, projects] = await Promise.all([trendOf(database, name, charted), linksOf(database, [name])]);
  return answerRepositoryPage(context, web, {
    repository,
    page: 'charts',
    links: projects.get(name),
    content: (
      <div id="charts" data-live="">
        <Charts trend={trend} />
      </div>
    ),
  });
}

function Charts({ trend }: { trend: TrendPoint[] }) {
  const points = (value: (point: TrendPoint, index: number) => number | null, word: (value: number) => string) =>
    trend.map((point, index): Point => {
      const is = value(point, index);
      const title = `#${point.number} ${statusWords[point.status]}${is === null ? '' : `: ${word(is)}`}`;
      return { value: is, title, href: `/builds/${point.id}`, class: point.status };
    });
  const [first, last] = [trend[0], trend.at(-1)];
  const ends = first && last && first !== last ? { ends: [`#${first.number}`, `#${last.number}`] as const } : {};
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return (
    <div class="charts">
      <Chart title="Duration" points={points(({ took }) => took, duration)} format={duration} {...ends} />
      <Chart title="Time in queue" points={points(({ waited }) => waited, duration)} format={duration} {...ends} />
      <Chart
        title={`Success rate of ${span} builds`}
        points={points((_, index) => passedShare(trend, index), percent)}
        format={percent}
        top={1}
        {...ends}
      />
      {trend.some(({ tests }) => tests !== null) && (
        <Chart
          title="Tests"
          points={points(({ tests }) => tests, String)}
          format={(count) => String(Math.round(count))}
          {...ends}
        />
      )}
    </div>
  );
}

/** The share of builds that passed. Builds that ended in an error do not count, since the commit did not cause them. */
function passedShare(trend: TrendPoint[], index: number): number | null {
  const judged = trend.slice(Math.max(0, index + 1 - span), index + 1).filter(({ status }) => status !== 'error');
  if (judged.length === 0) return null;
  return judged.filter(({ status }) => status === 'success').length / judged.length;
}
