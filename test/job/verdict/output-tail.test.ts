import { expect } from 'chai';
import { OutputTail } from '../../../src/job/verdict/output-tail.ts';

const most = 65_536;

describe('the end of what a step has printed', () => {
  it('is the same in pieces of any size', () => {
    const all = Array.from({ length: 40_000 }, (_, line) => `line ${line}\n`).join('');
    for (const size of [1, 10, 999, most - 1, most, most + 1, 3 * most]) {
      const tail = new OutputTail();
      for (let from = 0; from < all.length; from += size) {
        tail.push(Buffer.from(all.slice(from, from + size)));
        const end = from + size;
        if (from % (97 * size) === 0) expect(tail.text() === all.slice(Math.max(end - most, 0), end)).to.equal(true);
      }
      expect(tail.text() === all.slice(-most), `pieces of ${size}`).to.equal(true);
    }
  });

  it('is that of the last step, without colours', () => {
    const tail = new OutputTail();
    expect(tail.text()).to.equal('');
    tail.push(Buffer.from('the first step'));
    tail.clear();
    tail.push(Buffer.from('\u001b[31mthe second\u001b[0m step'));
    expect(tail.text()).to.equal('the second step');
  });
});
