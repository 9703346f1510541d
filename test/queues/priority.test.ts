import { expect } from 'chai';
import { priorityOf } from '../../src/queues/priority.ts';

describe('the priority of a message', () => {
  it('is one that BullMQ takes, whatever the start tag, and keeps the order of tags', () => {
    const priorities = [0, 1, 2, 1000, 2 ** 20, 2 ** 21 - 3, 2 ** 22, 2 ** 41].map((tag) => priorityOf(tag, false));
    for (const priority of priorities) expect(priority).to.be.within(1, 2 ** 21 - 1);
    expect(priorities).to.deep.equal([...priorities].sort((a, b) => a - b));
    expect(new Set(priorities.slice(0, 6)).size).to.equal(6);
  });

  it('of a pull request is behind those of others whose tags are higher, but not for ever', () => {
    expect(priorityOf(1, true)).to.be.greaterThan(priorityOf(5000, false));
    expect(priorityOf(1, true)).to.be.lessThan(priorityOf(2 ** 20, false));
    for (const tag of [0, 2 ** 21, 2 ** 41]) expect(priorityOf(tag, true)).to.be.within(1, 2 ** 21 - 1);
  });
});
