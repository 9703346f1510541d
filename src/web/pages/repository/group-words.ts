import type { StatisticsGroup } from '../../../kernel/model/statistics-shapes.ts';

/** Words for a point of the charts. */

const day = 24 * 3_600_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The points of a chart are days, or parts of them, or weeks. */
export interface Days {
  /** minutes by which the reader's clock is before UTC; undefined where it is not known */
  utcOffset: number | undefined;
}

/** The label of a point below a chart: `12 May`, or `#58` for one of a number of builds. */
export function labelOf({ from, builds }: StatisticsGroup, days: Days | undefined): string {
  return days ? dayOf(localTime(from, days)) : `#${builds?.lastNumber ?? ''}`;
}

/** Which builds a point has: `#58`, `#50 to #58`, `12 May`, `12 May, 06:00 to 12:00`, `Week of 12 May`. */
export function nameOf({ from, to, builds }: StatisticsGroup, days: Days | undefined): string {
  if (!days && builds)
    return builds.first === builds.last ? `#${builds.lastNumber}` : `#${builds.firstNumber} to #${builds.lastNumber}`;
  const zone = days?.utcOffset === undefined ? ' UTC' : '';
  const [begin, end] = [from, to].map((time) => localTime(time, days)) as [string, string];
  const length = Date.parse(to) - Date.parse(from);
  if (length > day) return `Week of ${dayOf(begin)}`;
  return length === day ? dayOf(begin) : `${dayOf(begin)}, ${begin.slice(11, 16)} to ${end.slice(11, 16)}${zone}`;
}

/** A time as ISO 8601 by the reader's clock. */
function localTime(time: string, days: Days | undefined): string {
  return new Date(Date.parse(time) + (days?.utcOffset ?? 0) * 60_000).toISOString();
}

/** `12 May` */
function dayOf(time: string): string {
  return `${Number(time.slice(8, 10))} ${months[Number(time.slice(5, 7)) - 1]}`;
}

export function countOf({ passed, failed, errors }: Pick<StatisticsGroup, 'passed' | 'failed' | 'errors'>): number {
  return passed + failed + errors;
}

/** `3 passed, 1 failed, 1 ended in an error`; what did not happen is left out */
export function verdictWords({
  passed,
  failed,
  errors,
}: Pick<StatisticsGroup, 'passed' | 'failed' | 'errors'>): string {
  const words = [
    [passed, 'passed'],
    [failed, 'failed'],
    [errors, 'ended in an error'],
  ] as const;
  return words
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

/** The share of builds that passed, as text. Errors do not count, since the commits have not caused them. */
export function passRate({ passed, failed }: Pick<StatisticsGroup, 'passed' | 'failed'>): string {
  return passed + failed === 0 ? '–' : `${Math.round((100 * passed) / (passed + failed))} %`;
}
