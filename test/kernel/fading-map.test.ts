import { expect } from 'chai';
import { FadingMap } from '../../src/kernel/fading-map.ts';
import { until } from '../support/until.ts';

describe('a map that forgets', () => {
  it('keeps what is touched, and forgets the rest after its time', async () => {
    const map = new FadingMap<string, number>(100, 10);
    map.set('left', 1);
    map.set('used', 2);
    await until('the one that is left alone is gone', () => {
      expect(map.get('used')).to.equal(2);
      return map.values().length === 1;
    });
    expect(map.get('left')).to.equal(undefined);
    expect(map.values()).to.deep.equal([2]);
  });

  it('holds no more than it may, the longest untouched go first', () => {
    const map = new FadingMap<number, number>(3_600_000, 3);
    for (const key of [1, 2, 3]) map.set(key, key);
    map.get(1);
    map.set(4, 4);
    expect(map.values()).to.deep.equal([3, 1, 4]);
  });

  it('says whether it had what is deleted', () => {
    const map = new FadingMap<string, number>(1000, 3);
    map.set('a', 1);
    expect([map.delete('a'), map.delete('a')]).to.deep.equal([true, false]);
  });
});
