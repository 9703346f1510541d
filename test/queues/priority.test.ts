import { expect } from 'chai';
import { priorityOf } from '../../src/queues/priority.ts';

describe('the priority of a message', () => {
  it('is one that BullMQ takes, whatever the start tag, and keeps the order of tags', () => {
    const priorities = [0, 1, 2, 1000, 2 ** 20, 2 ** 21 - 3, 2 ** 22, 2 ** 41].map(priorityOf);
    for (const priority of priorities) expect(priority).to.be.within(1, 2 ** 21 - 1);
    expect(priorities).to.deep.equal([...priorities].sort((a, b) => a - b));
    expect(new Set(priorities.slice(0, 6)).size).to.equal(6);
  });
});
