import { expect } from 'chai';
import { githubLimits, Pace } from '../../src/notifier/pace.ts';

describe('the pace of statuses', () => {
  const limits = [
    { count: 2, within: 1000 },
    { count: 5, within: 10_000 },
  ];

  it('stays within each limit, and waits no longer than that needs', () => {
    const pace = new Pace(limits);
    let now = 1_000_000;
    const sent: number[] = [];
    while (sent.length < 12) {
      now += pace.wait(now);
      pace.note(now);
      sent.push(now);
    }
    for (const { count, within } of limits)
      for (const [index, at] of sent.entries()) expect(at - (sent[index - count] ?? 0)).to.be.at.least(within);
    expect((sent[11] ?? 0) - 1_000_000).to.be.below(21_000);
  });

  it('counts what was sent before a restart', () => {
    expect(new Pace(limits, [1000, 1500]).wait(1600)).to.equal(400);
  });

  it('keeps the last fifth for final statuses', () => {
    const pace = new Pace([{ count: 5, within: 1000 }]);
    for (let at = 1; at < 4; at++) pace.note(at);
    expect(pace.isScarce(5)).to.equal(false);
    pace.note(5);
    expect(pace.isScarce(5)).to.equal(true);
  });

  it('allows GitHub no more than it accepts', () => {
    expect(githubLimits.find(({ within }) => within === 60_000)?.count).to.be.at.most(80);
    expect(githubLimits.find(({ within }) => within === 3_600_000)?.count).to.be.at.most(500);
  });
});
