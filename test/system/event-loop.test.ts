import { expect } from 'chai';
import { yieldToOthers } from '../../src/system/event-loop.ts';

describe('yieldToOthers', () => {
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

  it('lets other work run after some milliseconds, unlike promises alone', async () => {
    expect(await turnsDuring(60, async () => undefined)).to.equal(0);
    expect(await turnsDuring(200, yieldToOthers)).to.be.greaterThan(1);
  });
});
