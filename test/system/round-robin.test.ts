import { expect } from 'chai';
import { RoundRobin } from '../../src/system/round-robin.ts';

describe('RoundRobin', () => {
  it('lets owners take turns, one item each', () => {
    const line = new RoundRobin<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) line.add(item.charAt(0), item);
    const taken = Array.from({ length: 7 }, () => line.next());
    expect(taken).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', undefined]);
  });

  it('skips removed items', () => {
    const line = new RoundRobin<string>();
    line.add('a', 'a1');
    line.add('a', 'a2');
    line.add('b', 'b1');
    line.remove('a', 'a1');
    line.remove('b', 'b1');
    line.remove('b', 'b1');
    expect([line.next(), line.next()]).to.deep.equal(['a2', undefined]);
  });
});
