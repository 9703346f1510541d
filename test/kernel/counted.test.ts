import { expect } from 'chai';
import { counted } from '../../src/kernel/counted.ts';

describe('a number of things', () => {
  it('has the plural of its noun, but of one', () => {
    expect([1, 0, 2].map((count) => counted(count, 'log'))).to.deep.equal(['1 log', '0 logs', '2 logs']);
    expect([counted(2, 'day'), counted(2, 'repository')]).to.deep.equal(['2 days', '2 repositories']);
  });
});
