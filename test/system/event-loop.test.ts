import { expect } from 'chai';
import { yieldToOthers } from '../../src/system/event-loop.ts';

describe('a turn of the event loop', () => {
  /** How often the event loop turned while work went on for some time (ms), a millisecond at a time. */
  async function turnsDuring(time: number, between: () => Promise<void>): Promise<number> {
    let turns = 0;
    let over = false;
    const count = () => {
      turns++;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    const end = performance.now() + time;
    while (performance.now() < end) {
      const part = performance.now() + 1;
      while (performance.now() < part);
      await between();
    }
    over = true;
    return turns;
  }

  it('ends where work that gives way has lasted, and never where it only awaits promises', async () => {
    expect(await turnsDuring(60, async () => undefined)).to.equal(0);
    expect(await turnsDuring(200, yieldToOthers)).to.be.greaterThan(1);
  });
});
