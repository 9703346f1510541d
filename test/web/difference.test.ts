import { expect } from 'chai';
import { differenceOf } from '../../src/web/text/difference.ts';

const later = () => performance.now() + 10_000;
const signs = { expected: '-', actual: '+', both: ' ' } as const;

/** As text, with changed words in brackets. */
function shown(expected: string, actual: string, until = later()): string[] {
  return differenceOf(expected, actual, until).map((line) =>
    line.side === 'left-out'
      ? `… ${line.lines}`
      : signs[line.side] + line.pieces.map(({ text, changed }) => (changed ? `[${text}]` : text)).join(''),
  );
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

describe('the difference of two values', () => {
  for (const [what, expected, actual, lines] of [
    ['has a line for each of two short values', '3', '2', ['-3', '+2']],
    [
      'marks the words that differ in lines that are alike',
      'a red fox',
      'a blue fox',
      ['-a [red] fox', '+a [blue] fox'],
    ],
    ['shows equal lines once', 'a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
    ['tells a missing last line', 'a\nb', 'a', [' a', '-b']],
    ['tells that one side is empty', 'a', '', ['-a', '+']],
  ] as const) {
    it(what, () => expect(shown(expected, actual)).to.deep.equal(lines));
  }

  it('leaves out equal lines that are far from what differs', () => {
    const expected = [...numbers(1, 20), 'b', ...numbers(21, 40)].join('\n');
    expect(shown(expected, expected.replace('b', 'z'))).to.deep.equal([
      '… 17',
      ...numbers(18, 20).map((line) => ` ${line}`),
      '-b',
      '+z',
      ...numbers(21, 23).map((line) => ` ${line}`),
      '… 17',
    ]);
  });

  it('shows both sides as they are where there is no time, or too much differs', () => {
    expect(shown('a\nb', 'a\nc', 0)).to.deep.equal(['-a', '-b', '+a', '+c']);
    const [one, other] = [numbers(1, 2000).join('\n'), numbers(3001, 5000).join('\n')];
    const lines = shown(one, other);
    expect(lines).to.have.length(81);
    expect(lines.at(-1)).to.equal('… 3920');
  });
});
