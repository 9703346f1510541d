/** Which builds statistics are about: those of the last days, which begin at midnight so many minutes before UTC, or the last ones. */
export type StatisticsRange = { days: number; utcOffset?: number | undefined } | { builds: number };

const mostDays = 365;

/** Builds that statistics count, at most: the newest. */
export const mostCounted = 2000;

/** @param text days as in `30d`, or a number of builds @returns undefined for any other text */
export function parseRange(text: string): StatisticsRange | undefined {
  const [, number = '', unit] = /^([1-9]\d{0,3})(d?)$/.exec(text) ?? [];
  if (number === '') return undefined;
  const value = Number(number);
  if (unit === 'd') return value <= mostDays ? { days: value } : undefined;
  return value <= mostCounted ? { builds: value } : undefined;
}
