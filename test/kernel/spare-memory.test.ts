import { expect } from 'chai';
import { startChild } from '../support/child.ts';

describe('spare memory', () => {
  it('is given back when a process has become idle after it had much to do', async () => {
    const child = startChild(`
      import { getHeapStatistics } from 'node:v8';
      import { giveBackSpareMemory } from './src/kernel/spare-memory.ts';
      const size = () => getHeapStatistics().total_physical_size;
      giveBackSpareMemory(200);
      let much = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
      const most = size();
      much = undefined;
      const looking = setInterval(() => {
        if (size() > most / 2) return;
        console.log('given back');
        clearInterval(looking);
      }, 100);`);
    try {
      expect(await child.line()).to.equal('given back');
    } finally {
      await child.kill();
    }
  });
});
