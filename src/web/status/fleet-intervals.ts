import type { FleetMoment } from '../../record/fleet-minutes.ts';

const minute = 60_000;

/** The times that charts of the fleet span, each with the length of a bar and of a row of their table (milliseconds). */
export const fleetRanges = {
  hour: { length: 60 * minute, bar: minute, row: 5 * minute },
  day: { length: 24 * 60 * minute, bar: 15 * minute, row: 60 * minute },
} as const;
export type FleetRange = keyof typeof fleetRanges;

/** The use of the fleet in a part of a range; null where nothing was measured. */
export interface FleetInterval {
  /** beginning, milliseconds since 1970 */
  from: number;
  to: number;
  use: { mostWaiting: number; meanBusy: number; slots: number } | null;
}

/** The whole range up to now in parts of one length, oldest first. Parts begin at the full minute, quarter or hour. */
export function fleetIntervals(
  minutes: readonly FleetMoment[],
  range: FleetRange,
  length: number,
  now: number,
): FleetInterval[] {
  const count = fleetRanges[range].length / length;
  const end = (Math.floor(now / length) + 1) * length;
  return Array.from({ length: count }, (_, index) => {
    const from = end - (count - index) * length;
    const to = from + length;
    return { from, to, use: useOf(minutes.filter(({ at }) => at >= from && at < to)) };
  });
}

function useOf(minutes: readonly FleetMoment[]): FleetInterval['use'] {
  if (minutes.length === 0) return null;
  return {
    mostWaiting: Math.max(...minutes.map(({ waiting }) => waiting)),
    meanBusy: minutes.reduce((sum, { busy }) => sum + busy, 0) / minutes.length,
    slots: Math.max(...minutes.map(({ slots }) => slots)),
  };
}
