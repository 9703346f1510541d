import { expect } from 'chai';
import { Folds } from '../../src/web/client/log/folds.ts';

describe('web: folded groups of a log', () => {
  const seen = (folds: Folds, lines: number) =>
    Array.from({ length: folds.rows(lines) }, (_, row) => folds.lineAt(row));

  it('hide all of their lines but the first', () => {
    const folds = new Folds();
    expect(seen(folds, 4)).to.deep.equal([0, 1, 2, 3]);
    folds.fold(6, 7);
    folds.fold(1, 4);
    expect(seen(folds, 10)).to.deep.equal([0, 1, 5, 6, 8, 9]);
    for (const [row, line] of seen(folds, 10).entries()) expect(folds.rowOf(line)).to.equal(row);
    // what is hidden stands where its group does
    expect(folds.rowOf(3)).to.equal(1);
  });

  it('unfold when a person goes to a hidden line', () => {
    const folds = new Folds();
    folds.fold(1, 4);
    folds.reveal(1);
    expect(folds.isFolded(1)).to.equal(true);
    folds.reveal(4);
    expect(folds.isFolded(1)).to.equal(false);
    expect(folds.rows(6)).to.equal(6);
  });

  it('hide only lines that have arrived', () => {
    const folds = new Folds();
    folds.fold(2, 100);
    expect(seen(folds, 5)).to.deep.equal([0, 1, 2]);
    folds.unfold(2);
    expect(folds.rows(5)).to.equal(5);
  });
});
