import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { isDue, nextAttemptTime, pausesOf } from '../../src/kernel/retry-pauses.ts';

describe('the time of the next attempt', () => {
  const now = 1_000_000;

  it('is after 10 s and 30 s more by default, with jitter', () => {
    const pauses = pausesOf(loadConfig().tryAgain);
    expect(pauses).to.deep.equal([10_000, 30_000]);
    expect(nextAttemptTime(pauses, 1, now)).to.be.within(now + 10_000, now + 15_000);
    expect(nextAttemptTime(pauses, 2, now)).to.be.within(now + 30_000, now + 45_000);
    expect(nextAttemptTime(pauses, 3, now)).to.equal(undefined);
    expect(nextAttemptTime(pausesOf('off'), 1, now)).to.equal(undefined);
    expect(nextAttemptTime(pausesOf('0'), 1, now)).to.equal(now);
    expect(new Set(Array.from({ length: 50 }, () => nextAttemptTime(pauses, 2, now))).size).to.be.above(10);
    for (const tryAgain of ['', ',', '10,', 'soon', '99999']) {
      if (tryAgain === '') continue;
      expect(() => loadConfig({ tryAgain }), tryAgain).to.throw('VOLT_TRY_AGAIN');
    }
  });

  it('is not delayed by a clock that was set back', () => {
    const pauses = [10_000, 30_000];
    expect(isDue(null, pauses, now)).to.equal(true);
    expect(isDue(now + 45_000, pauses, now)).to.equal(false);
    expect(isDue(now, pauses, now)).to.equal(true);
    expect(isDue(now + 3_600_000, pauses, now)).to.equal(true);
  });
});
