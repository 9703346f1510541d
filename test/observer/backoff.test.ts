import { expect } from 'chai';
import { pauseAfter } from '../../src/observer/backoff.ts';

describe('the pause after a look that failed', () => {
  const most = () => 1;
  const least = () => 0;

  it('begins at the time between two polls, doubles, and ends at five minutes', () => {
    expect([1, 2, 3, 4].map((failures) => pauseAfter(failures, 5, most))).to.deep.equal([5000, 10_000, 20_000, 40_000]);
    expect(pauseAfter(20, 5, most)).to.equal(300_000);
    expect(pauseAfter(10_000, 5, most)).to.equal(300_000);
  });

  it('is no shorter than half of that, and anything in between', () => {
    expect(pauseAfter(2, 5, least)).to.equal(5000);
    expect(pauseAfter(2, 5, () => 0.5)).to.equal(7500);
  });

  it('is the time between two polls, where that is longer than five minutes', () => {
    expect(pauseAfter(7, 3600, most)).to.equal(3_600_000);
  });
});
