import { expect } from 'chai';
import type { JobId } from '../../src/kernel/model.ts';
import { LogWaits } from '../../src/reporter/log-waits.ts';
import { until } from '../support/until.ts';

const outcome = { job: '1-1' as JobId, attempt: 1, runner: { id: 'far~1', name: 'far', host: 'far' }, logBytes: 100 };
const long = 600_000;

describe('an outcome whose log is not complete', () => {
  const lost = (found: ReturnType<LogWaits['check']>) => ('lost' in found ? found.lost : undefined);

  it('waits while its log grows, with or without its runner', async () => {
    const waits = new LogWaits({ gone: 30, standstill: 30, all: long });
    const end = performance.now() + 100;
    let bytes = 0;
    while (performance.now() < end) {
      expect(lost(waits.check(outcome, ++bytes, bytes % 2 === 0))).to.equal(undefined);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });

  it('stops waiting when its log does not grow and its runner is gone', async () => {
    const waits = new LogWaits({ gone: 30, standstill: long, all: long });
    waits.check(outcome, 4, false);
    const why = await until('it is lost', () => lost(waits.check(outcome, 4, false)));
    expect(why).to.equal('its runner is gone');
  });

  it('waits again when a runner that seemed gone claims it', async () => {
    const waits = new LogWaits({ gone: 0, standstill: long, all: long });
    waits.check(outcome, 4, true);
    expect(lost(waits.check(outcome, 4, true))).to.equal(undefined);
    expect(lost(waits.check(outcome, 4, false))).to.equal('its runner is gone');
  });

  it('stops waiting when a live runner sends nothing for too long, or after a day in all', async () => {
    const still = new LogWaits({ gone: long, standstill: 20, all: long });
    still.check(outcome, 4, true);
    expect(await until('it is lost', () => lost(still.check(outcome, 4, true)))).to.include(
      'nothing of it has arrived for',
    );
    const slow = new LogWaits({ gone: long, standstill: long, all: 20 });
    let bytes = 0;
    expect(await until('it is lost', () => lost(slow.check(outcome, ++bytes, true)))).to.include(
      'was not complete within',
    );
  });

  it('is checked less and less often, and reported when its log does not grow', () => {
    const waits = new LogWaits();
    expect(waits.check(outcome, 4, true)).to.deep.equal({ pause: 500 });
    expect(waits.problems()).to.deep.equal([]);
    const real = performance.now.bind(performance);
    try {
      performance.now = () => real() + 20_000;
      expect(waits.check(outcome, 4, true))
        .to.have.property('pause')
        .within(1900, 2500);
      const [problem, ...more] = waits.problems();
      expect(problem?.code).to.equal('log_awaited');
      expect(problem?.message).to.match(
        /^the outcome of 1-1\.1 waits for its log: 4 of 100 bytes have arrived from runner far, nothing for 20 s$/,
      );
      expect(more).to.deep.equal([]);
      performance.now = () => real() + 40_000;
      expect(waits.problems(), 'what another reporter has seen to its end').to.deep.equal([]);
      waits.check(outcome, 4, true);
      expect(waits.problems()).to.have.length(1);
      waits.end(outcome);
      expect(waits.problems()).to.deep.equal([]);
    } finally {
      performance.now = real;
    }
  });
});
