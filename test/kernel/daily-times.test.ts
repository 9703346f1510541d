import { expect } from 'chai';
import { isBetween, isTimeOfDay, isTimeZone, untilTime } from '../../src/kernel/daily-times.ts';

const noon = Date.parse('2026-07-01T12:00:00Z');

describe('daily times', () => {
  it('are counted in their zone', () => {
    // clocks in Berlin show 14:00
    expect(untilTime({ at: '14:30', zone: 'Europe/Berlin' }, noon)).to.equal(30 * 60_000);
    expect(untilTime({ at: '13:59', zone: 'Europe/Berlin' }, noon)).to.equal((24 * 60 - 1) * 60_000);
    expect(untilTime({ at: '12:00', zone: 'UTC' }, noon + 30_000)).to.equal(0);
  });

  it('make a span, also around midnight', () => {
    expect(isBetween({ from: '12:00', to: '13:00', zone: 'UTC' }, noon)).to.equal(true);
    expect(isBetween({ from: '11:00', to: '12:00', zone: 'UTC' }, noon)).to.equal(false);
    expect(isBetween({ from: '22:00', to: '12:01', zone: 'UTC' }, noon)).to.equal(true);
    expect(isBetween({ from: '22:00', to: '07:00', zone: 'UTC' }, noon)).to.equal(false);
  });

  it('have a form, and zones a name', () => {
    expect(['00:00', '23:59', '24:00', '7:00', '12:60', ''].map(isTimeOfDay)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).to.deep.equal([true, true, false, false]);
  });
});
