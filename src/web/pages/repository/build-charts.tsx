import type { RepositoryStatistics, StatisticsGroup } from '../../../kernel/model/statistics-shapes.ts';
import { duration } from '../../../kernel/times.ts';
import { type Bar, Chart } from '../chart.tsx';
import { countScale, shareScale, timeScale } from '../chart-scale.ts';
import { countOf, type Days, labelOf, nameOf, passRate, verdictWords } from './group-words.ts';

interface Shown {
  statistics: RepositoryStatistics;
  /** set if the points are days */
  days: Days | undefined;
}

/** How long builds took. */
export function DurationChart(shown: Shown) {
  return <TimesChart title="Duration" of="duration" color="running" {...shown} />;
}

/** How long builds waited for a runner. */
export function WaitChart(shown: Shown) {
  return <TimesChart title="Waiting for a runner" of="wait" color="wait" {...shown} />;
}

/** Bars of two parts: the median, and up to which time 95 of 100 builds took. */
function TimesChart(shown: Shown & { title: string; of: 'duration' | 'wait'; color: string }) {
  const { statistics, days, title, of, color } = shown;
  const barOf = (group: StatisticsGroup): Bar => {
    const { p50, p95 } = group[of] ?? {};
    if (p50 === undefined || p95 === undefined) return gap(group, days);
    const times = p50 === p95 ? duration(p50) : `median ${duration(p50)}, p95 ${duration(p95)}`;
    const rest = p95 > p50 ? [{ value: p95 - p50, class: `${color} most` }] : [];
    return {
      title: `${nameOf(group, days)}, ${verdictWords(group)}: ${times}`,
      href: addressOf(group),
      parts: [{ value: p50, class: color }, ...rest],
    };
  };
  const all = statistics[of];
  const isSplit = statistics.groups.some((group) => group[of] !== null && group[of].p95 > group[of].p50);
  return (
    <Chart
      title={title}
      headline={all === null ? undefined : `median ${duration(all.p50)} · p95 ${duration(all.p95)}`}
      bars={statistics.groups.map(barOf)}
      scale={timeScale}
      labels={statistics.groups.map((group) => labelOf(group, days))}
      parts={
        isSplit
          ? [
              [color, 'median'],
              [`${color} most`, '95th percentile'],
            ]
          : []
      }
    />
  );
}

/** Which share of builds passed, failed or ended in an error. */
export function VerdictsChart({ statistics, days }: Shown) {
  const barOf = (group: StatisticsGroup): Bar => {
    const all = countOf(group);
    const part = (count: number, name: string) => (count === 0 ? [] : [{ value: count / all, class: name }]);
    return {
      title: `${nameOf(group, days)}: ${verdictWords(group) || 'no build'}`,
      href: addressOf(group),
      parts: [...part(group.passed, 'success'), ...part(group.failed, 'failure'), ...part(group.errors, 'error')],
    };
  };
  const judged = statistics.passed + statistics.failed;
  return (
    <Chart
      title="Pass rate"
      headline={`${passRate(statistics)} of ${judged} ${judged === 1 ? 'build' : 'builds'}`}
      bars={statistics.groups.map(barOf)}
      scale={shareScale}
      labels={statistics.groups.map((group) => labelOf(group, days))}
      parts={[
        ['success', 'passed'],
        ['failure', 'failed'],
        ...(statistics.errors > 0 ? [['error', 'ended in an error'] as const] : []),
      ]}
    />
  );
}

/** How many tests passed, failed and were skipped in the newest build of each point. */
export function TestsChart({ statistics, days }: Shown) {
  const barOf = (group: StatisticsGroup): Bar => {
    if (group.tests === null) return gap(group, days);
    const { total, failed, skipped } = group.tests;
    const passed = total - failed - skipped;
    const part = (value: number, name: string) => (value > 0 ? [{ value, class: name }] : []);
    return {
      title: `${nameOf(group, days)}: ${total} tests, ${failed} failed, ${skipped} skipped`,
      href: addressOf(group),
      parts: [...part(passed, 'success'), ...part(skipped, 'skipped'), ...part(failed, 'failure')],
    };
  };
  const newest = statistics.groups.findLast(({ tests }) => tests !== null)?.tests;
  return (
    <Chart
      title="Tests"
      headline={newest ? String(newest.total) : undefined}
      bars={statistics.groups.map(barOf)}
      scale={countScale}
      labels={statistics.groups.map((group) => labelOf(group, days))}
      parts={[
        ['success', 'passed'],
        ['skipped', 'skipped'],
        ['failure', 'failed'],
      ]}
    />
  );
}

function gap(group: StatisticsGroup, days: Days | undefined): Bar {
  return { title: nameOf(group, days), parts: [] };
}

/** The build of a point that has only one. */
function addressOf({ builds }: StatisticsGroup): string | undefined {
  return builds && builds.first === builds.last ? `/builds/${builds.last}` : undefined;
}
