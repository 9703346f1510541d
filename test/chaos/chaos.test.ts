import { expect } from 'chai';
import { chaos } from './chaos.ts';
import { type FaultKind, schedule } from './schedule.ts';

const kinds: FaultKind[] = [
  'runner-kill',
  'runner-freeze',
  'dispatcher-kill',
  'reporter-kill',
  'redis-kill',
  'redis-wipe',
];

describe('chaos', () => {
  it('plans the same faults from the same seed, and others from another', () => {
    expect(schedule(kinds, 1, 60_000)).to.deep.equal(schedule(kinds, 1, 60_000));
    expect(schedule(kinds, 1, 60_000)).to.not.deep.equal(schedule(kinds, 2, 60_000));
  });

  it('loses nothing, doubles nothing and leaves nothing behind, whatever dies', async function () {
    this.timeout(240_000);
    const { breaches, commits, faults } = await chaos({ kinds, seed: 3, minutes: 0.5 });
    expect(breaches.map(({ invariant, what }) => `${invariant}: ${what}`)).to.deep.equal([]);
    expect(commits).to.be.greaterThan(10);
    expect(new Set(faults.map(({ kind }) => kind))).to.have.property('size', kinds.length);
  });
});
