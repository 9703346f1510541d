import { expect } from 'chai';
import { lossSentence } from '../../src/kernel/loss-sentence.ts';

describe('the sentence on a lost attempt', () => {
  const lost = { startedAt: 1000, lostAt: 42_000, noticedAt: 42_100 };

  it('says what happened, after how long, when it was noticed, and which runner has the job now', () => {
    expect(lossSentence('runner vanished', lost, { runner: 'r4' })).to.equal(
      'runner vanished after 41 s, noticed after 0.1 s, moved to r4',
    );
  });

  it('says that the job waits for a runner, and nothing more without a next attempt', () => {
    expect(lossSentence('runner fell silent', { ...lost, noticedAt: 47_050 }, { runner: null })).to.equal(
      'runner fell silent after 41 s, noticed after 5.0 s, waiting for another runner',
    );
    expect(lossSentence('runner vanished', lost, undefined)).to.equal(
      'runner vanished after 41 s, noticed after 0.1 s',
    );
  });

  it('says that the attempt had not begun', () => {
    expect(lossSentence('runner vanished', { ...lost, startedAt: null }, { runner: 'r4' })).to.match(
      /^runner vanished before it started, noticed/,
    );
  });
});
