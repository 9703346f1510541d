import { expect } from 'chai';
import { pauseAfter } from '../../src/observer/backoff.ts';

describe('the pause after a failed poll', () => {
  const most = () => 1;
  const least = () => 0;

  it('begins with the time between two polls, doubles, and ends at five minutes', () => {
    expect([1, 2, 3, 4].map((failures) => pauseAfter(failures, 5, most))).to.deep.equal([5000, 10_000, 20_000, 40_000]);
    expect(pauseAfter(20, 5, most)).to.equal(300_000);
    expect(pauseAfter(10_000, 5, most)).to.equal(300_000);
  });

  it('is a random time from half of that to all of it', () => {
    expect(pauseAfter(2, 5, least)).to.equal(5000);
    expect(pauseAfter(2, 5, () => 0.5)).to.equal(7500);
  });

  it('is the time between two polls, where that is longer than five minutes', () => {
    expect(pauseAfter(7, 3600, most)).to.equal(3_600_000);
  });
});
