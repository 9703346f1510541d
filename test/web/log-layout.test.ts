import { expect } from 'chai';
import { Layout, rowHeight } from '../../src/web/client/log/layout.ts';
import { Rows, type StepLines } from '../../src/web/client/log/rows.ts';

describe('web: where the rows of a log are', () => {
  const layoutOf = (lines: number, steps: StepLines[] = []) => {
    const rows = new Rows();
    rows.setSteps(steps);
    rows.grow(lines);
    return { rows, layout: new Layout(rows) };
  };

  it('is one below the other, as if each had one line, until they are measured', () => {
    const { rows, layout } = layoutOf(1000);
    expect(layout.height).to.equal(1000 * rowHeight);
    expect(layout.topOf(500)).to.equal(500 * rowHeight);
    expect(layout.measured(10, 5 * rowHeight)).to.equal(true);
    expect(layout.measured(10, 5 * rowHeight)).to.equal(false);
    expect(layout.measured(20, 0)).to.equal(true);
    expect(layout.measured(30, rowHeight)).to.equal(false);
    expect(layout.height).to.equal((1000 + 4 - 1) * rowHeight);
    expect([10, 11, 20, 21, 22].map((row) => layout.topOf(row) / rowHeight)).to.deep.equal([10, 15, 24, 24, 25]);
    // the row of the end of a group is not seen
    expect([9.9, 10, 14.9, 15, 24, 25].map((at) => layout.rowAt(at * rowHeight))).to.deep.equal([
      9, 10, 10, 11, 21, 22,
    ]);
    expect(layout.rowAt(1e9)).to.equal(999);
    layout.measured(10, rowHeight);
    rows.grow(1001);
    expect(layout.height).to.equal(1000 * rowHeight);
    layout.forget();
    expect(layout.height).to.equal(1001 * rowHeight);
  });

  it('does not count lines that are hidden', () => {
    const { rows, layout } = layoutOf(100, [
      { first: 0, end: 50 },
      { first: 50, end: 100 },
    ]);
    layout.measured(10, 10 * rowHeight);
    layout.measured(60, 3 * rowHeight);
    expect(layout.height).to.equal((102 + 9 + 2) * rowHeight);
    rows.close(0);
    expect(layout.height).to.equal((52 + 2) * rowHeight);
    expect(layout.topOf(rows.rowOf(61))).to.equal((2 + 11 + 2) * rowHeight);
    rows.showOnly([10, 11, 60]);
    expect(layout.height).to.equal((3 + 9 + 2) * rowHeight);
    expect(layout.rowAt(10 * rowHeight)).to.equal(1);
    rows.showOnly([]);
    expect([layout.height, layout.rowAt(10)]).to.deep.equal([0, 0]);
  });

  it('is the same both ways, whatever is measured and hidden', () => {
    let seed = 5;
    const random = (below: number) => {
      // a linear congruential generator, so that a failure comes again
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const { rows, layout } = layoutOf(3000, [
      { first: 5, end: 700 },
      { first: 700, end: 701 },
      { first: 701, end: undefined },
    ]);
    for (let round = 0; round < 300; round++) {
      layout.measured(random(3000), rowHeight * random(6));
      if (round % 20 === 0) rows.fold(random(1000), 1000 + random(1000));
      if (round % 30 === 0) rows.close(random(3));
      if (round % 50 === 0) rows.open(random(3));
      let top = 0;
      const row = random(rows.count);
      for (let at = 0; at < row; at += Math.max(1, Math.floor(row / 7))) {
        expect(layout.topOf(at)).to.be.at.least(top);
        top = layout.topOf(at);
      }
      const height = layout.topOf(row + 1) - layout.topOf(row);
      if (row + 1 < rows.count && height > 0) expect(layout.rowAt(layout.topOf(row))).to.equal(row);
      if (row + 1 < rows.count && height > 0) expect(layout.rowAt(layout.topOf(row + 1) - 1)).to.equal(row);
    }
  });

  it('stays bounded, however much is measured', () => {
    const { layout } = layoutOf(1_000_000);
    for (let line = 0; line < 120_000; line++) layout.measured(line, 2 * rowHeight);
    expect(layout.height).to.be.below(1_050_001 * rowHeight);
    expect(layout.topOf(999_999)).to.equal(layout.height - rowHeight);
  });
});
