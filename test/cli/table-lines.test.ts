import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { cutTo, tableLines } from '../../src/cli/table-lines.ts';

const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

describe('a table on the terminal', () => {
  it('aligns columns with colours and wide characters', () => {
    const lines = tableLines(
      ['A', 'NAME', 'LAST'],
      [
        [red('x'), '日本', 'one'],
        ['yy', 'b', 'two'],
      ],
    );
    expect(lines.map(stripVTControlCharacters)).to.deep.equal(['A   NAME  LAST', 'x   日本  one', 'yy  b     two']);
  });

  it('cuts its lines for a narrow terminal and resets the colour at the cut', () => {
    for (const width of [1, 5, 8, 12, 40]) {
      const [, line = ''] = tableLines(['STATUS', 'SUBJECT'], [[red('failed'), '日本語'.repeat(9)]], width);
      const shown = stripVTControlCharacters(line);
      const columns = [...shown].reduce((sum, character) => sum + (/[日本語]/.test(character) ? 2 : 1), 0);
      expect(columns, line).to.be.at.most(width);
      expect(shown.endsWith('…')).to.equal(true);
      expect(line.lastIndexOf('\u001b[31m')).to.be.at.most(line.lastIndexOf('\u001b[39m'));
    }
  });

  it('has full lines if the output is not a terminal', () => {
    const long = 'x'.repeat(10_000);
    expect(tableLines(['A'], [[long]])[1]).to.equal(long);
    expect(cutTo('short', 10)).to.equal('short');
  });
});
