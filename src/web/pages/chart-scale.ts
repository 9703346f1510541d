import { duration } from '../../kernel/times.ts';

/** The vertical axis of a chart: which value is at its top, and how its values are written. */
export interface Scale {
  /** the value at the top of a chart whose highest value is this, so that it and its half are round */
  topFor(highest: number): number;
  label(value: number): string;
}

const minute = 60_000;
const hour = 60 * minute;

/** Steps of time whose halves are round, too; above a second, since a decimal scale fits below. */
const roundTimes = [
  ...[1, 2, 4, 10, 20, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 4, 10, 20, 30].map((minutes) => minutes * minute),
  ...[1, 2, 4, 8, 12, 24, 48].map((hours) => hours * hour),
];

/** Milliseconds. */
export const timeScale: Scale = {
  topFor: (highest) =>
    highest <= 500 ? roundNumber(highest) : (roundTimes.find((time) => time >= highest) ?? roundNumber(highest)),
  label: (ms) => (ms < 1000 ? `${Number(ms.toFixed(1))} ms` : duration(ms).replace(/\.0(?= s)| 0 (s|min)$/, '')),
};

/** Whole numbers. */
export const countScale: Scale = {
  topFor: (highest) => Math.max(2, roundNumber(highest)),
  label: (count) => (Number.isInteger(count) ? String(count) : count.toFixed(1)),
};

/** Shares of one. */
export const shareScale: Scale = {
  topFor: () => 1,
  label: (share) => `${Math.round(share * 100)} %`,
};

/** The first of 1, 2, 4, 6, 8, 10, 20, 40… that is not below a number. */
function roundNumber(number: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(number, 1)));
  return [1, 2, 4, 6, 8, 10].map((step) => step * ten).find((round) => round >= number) ?? 10 * ten;
}
