import { expect } from 'chai';
import { fleetIntervals, fleetRanges } from '../../src/web/status/fleet-intervals.ts';

const minute = 60_000;
const now = 28_000_000 * minute + 20_000;

describe('web: the intervals of the charts of the fleet', () => {
  for (const range of ['hour', 'day'] as const) {
    it(`span the whole ${range}, whatever was measured of it`, () => {
      const { length, bar } = fleetRanges[range];
      const intervals = fleetIntervals([], range, bar, now);
      const [first, last] = [intervals[0], intervals.at(-1)];
      expect((last?.to ?? 0) - (first?.from ?? 0)).to.equal(length);
      expect(now).to.be.within(last?.from ?? 0, (last?.to ?? 0) - 1);
      expect(intervals.every(({ use }) => use === null)).to.equal(true);
      for (const [index, { from }] of intervals.slice(1).entries()) expect(from).to.equal(intervals[index]?.to);
    });
  }

  it('have the most waiting jobs and the mean of the busy slots, and gaps where nothing was measured', () => {
    const at = (ago: number) => Math.floor(now / minute) * minute - ago * minute;
    const minutes = [
      { at: at(7), waiting: 9, busy: 9, slots: 9 },
      { at: at(1), waiting: 4, busy: 1, slots: 2 },
      { at: at(0), waiting: 1, busy: 2, slots: 4 },
    ];
    const bars = fleetIntervals(minutes, 'hour', minute, now).map(({ use }) => use);
    expect(bars.slice(-2)).to.deep.equal([
      { mostWaiting: 4, meanBusy: 1, slots: 2 },
      { mostWaiting: 1, meanBusy: 2, slots: 4 },
    ]);
    expect(bars.filter((use) => use === null)).to.have.lengthOf(57);
    const quarter = fleetIntervals(minutes, 'day', 15 * minute, 28_000_000 * minute - 1).at(-1);
    expect(quarter?.use).to.deep.equal({ mostWaiting: 9, meanBusy: 4, slots: 9 });
  });
});
