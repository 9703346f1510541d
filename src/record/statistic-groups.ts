import type { Percentiles } from '../kernel/model/statistics-shapes.ts';
import type { StatisticsRange } from '../kernel/statistics-range.ts';

/** How builds become the points of charts. Everything here is without the database. */

/** The most points of a chart that shows a number of builds. */
const mostPoints = 100;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Some builds that are one point, and the time that the point is about (milliseconds since 1970). */
export interface Group<B> {
  from: number;
  to: number;
  /** oldest first */
  builds: B[];
}

/** The length (ms) of the spans that a range of days is divided into: never more than some hundred. */
function spanOf(days: number): number {
  if (days <= 2) return hour;
  if (days <= 14) return 6 * hour;
  return days <= 120 ? day : 7 * day;
}

/** When a range begins, in milliseconds since 1970; undefined for a number of builds. */
export function startOf(range: StatisticsRange, now: number): number | undefined {
  if (!('days' in range)) return undefined;
  const span = spanOf(range.days);
  return endOf(span, now, range) - Math.ceil((range.days * day) / span) * span;
}

/** The end of the span that is now. Days begin at midnight by the offset of the range, else in UTC. */
function endOf(span: number, now: number, { utcOffset = 0 }: { utcOffset?: number | undefined }): number {
  const offset = utcOffset * minute;
  return (Math.floor((now + offset) / span) + 1) * span - offset;
}

/** @param builds of the range, oldest first */
export function groupsOf<B extends { createdAt: number }>(
  builds: readonly B[],
  range: StatisticsRange,
  now: number,
): Group<B>[] {
  return 'days' in range ? byTime(builds, range, now) : byCount(builds);
}

function byTime<B extends { createdAt: number }>(
  builds: readonly B[],
  range: Extract<StatisticsRange, { days: number }>,
  now: number,
): Group<B>[] {
  const span = spanOf(range.days);
  const start = startOf(range, now) ?? now;
  const count = Math.round((endOf(span, now, range) - start) / span);
  const groups = Array.from({ length: count }, (_, index): Group<B> => {
    const from = start + index * span;
    return { from, to: from + span, builds: [] };
  });
  for (const build of builds) groups[Math.floor((build.createdAt - start) / span)]?.builds.push(build);
  return groups;
}

/** The last group is a full one. */
function byCount<B extends { createdAt: number }>(builds: readonly B[]): Group<B>[] {
  const size = Math.max(1, Math.ceil(builds.length / mostPoints));
  const groups: Group<B>[] = [];
  for (let end = builds.length; end > 0; end -= size) {
    const part = builds.slice(Math.max(0, end - size), end);
    const [from = 0, to = 0] = [part[0]?.createdAt, part.at(-1)?.createdAt];
    groups.unshift({ from, to, builds: part });
  }
  return groups;
}

/** Percentiles by nearest rank; null without values. */
export function percentilesOf(values: readonly (number | null)[]): Percentiles | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95) };
}
