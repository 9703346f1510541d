import { expect } from 'chai';
import { Rows, type StepLines } from '../../src/web/client/log/rows.ts';

describe('web: the rows of a log', () => {
  const rowsOf = (lines: number, steps: StepLines[] = []) => {
    const rows = new Rows();
    rows.setSteps(steps);
    rows.grow(lines);
    return rows;
  };
  const seen = (rows: Rows) =>
    Array.from({ length: rows.count }, (_, row) => {
      const content = rows.at(row);
      return 'step' in content ? `step ${content.step}` : content.line;
    });

  it('show only the first line of a folded group', () => {
    const rows = rowsOf(4);
    expect(seen(rows)).to.deep.equal([0, 1, 2, 3]);
    rows.grow(10);
    rows.fold(6, 7);
    rows.fold(1, 4);
    expect(seen(rows)).to.deep.equal([0, 1, 5, 6, 8, 9]);
    for (const [row, line] of seen(rows).entries()) expect(rows.rowOf(Number(line))).to.equal(row);
    // a hidden line is where its group is
    expect(rows.rowOf(3)).to.equal(1);
  });

  it('show a hidden line when a person goes to it', () => {
    const rows = rowsOf(6);
    rows.fold(1, 4);
    rows.reveal(1);
    expect(rows.isFolded(1)).to.equal(true);
    rows.reveal(4);
    expect(rows.isFolded(1)).to.equal(false);
    expect(rows.count).to.equal(6);
  });

  it('hide only lines that have arrived', () => {
    const rows = rowsOf(5);
    rows.fold(2, 100);
    expect(seen(rows)).to.deep.equal([0, 1, 2]);
    rows.unfold(2);
    expect(rows.count).to.equal(5);
  });

  it('have a heading before each step, and no lines of closed steps', () => {
    const rows = rowsOf(7, [
      { first: 1, end: 4 },
      { first: 4, end: 4 },
      { first: 5, end: undefined },
    ]);
    expect(seen(rows)).to.deep.equal([0, 'step 0', 1, 2, 3, 'step 1', 4, 'step 2', 5, 6]);
    rows.close(0);
    rows.close(2);
    expect(seen(rows)).to.deep.equal([0, 'step 0', 'step 1', 4, 'step 2']);
    rows.grow(9);
    expect(seen(rows)).to.deep.equal([0, 'step 0', 'step 1', 4, 'step 2']);
    expect(rows.rowOf(2)).to.equal(1);
    rows.reveal(8);
    expect(seen(rows)).to.deep.equal([0, 'step 0', 'step 1', 4, 'step 2', 5, 6, 7, 8]);
  });

  it('tell which lines they show, so that nobody fetches the lines of a closed step', () => {
    const rows = rowsOf(1_000_000, [
      { first: 0, end: 999_990 },
      { first: 999_990, end: undefined },
    ]);
    rows.close(0);
    expect(rows.linesOf(0, 5)).to.deep.equal([[999_990, 999_993]]);
    rows.open(0);
    expect(rows.linesOf(0, 5)).to.deep.equal([[0, 4]]);
  });

  it('hide a folded group within a closed step once', () => {
    const rows = rowsOf(10, [{ first: 2, end: 8 }]);
    rows.fold(3, 5);
    expect(seen(rows)).to.deep.equal([0, 1, 'step 0', 2, 3, 6, 7, 8, 9]);
    rows.close(0);
    expect(seen(rows)).to.deep.equal([0, 1, 'step 0', 8, 9]);
  });

  it('are only the lines that match, if a person wants to see no others', () => {
    const rows = rowsOf(100, [{ first: 10, end: 50 }]);
    rows.close(0);
    rows.showOnly([3, 12, 13, 99]);
    expect(seen(rows)).to.deep.equal([3, 12, 13, 99]);
    expect([3, 12, 13, 99].map((line) => rows.rowOf(line))).to.deep.equal([0, 1, 2, 3]);
    rows.grow(200);
    expect(rows.count).to.equal(4);
    rows.showOnly([]);
    expect(rows.count).to.equal(0);
    rows.showOnly(undefined);
    expect(rows.count).to.equal(200 - 40 + 1);
  });
});
