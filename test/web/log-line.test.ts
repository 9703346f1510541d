import { expect } from 'chai';
import { partsOf, type Range } from '../../src/web/text/line-parts.ts';
import { logLine } from '../../src/web/text/log-line.ts';
import { type Line, Terminal } from '../../src/web/text/terminal.ts';

const plain = (text: string): Line => [{ text, style: '' }];
const textOf = (line: Line) => line.map(({ text }) => text).join('');

/** Links as `<address|text>`, found text in brackets. */
function shown(line: Line, found: Range[] = []): string {
  return partsOf(line, found)
    .map(({ href, hidden, pieces }) => {
      const text = pieces.map((piece) => (piece.found ? `[${piece.text}]` : piece.text)).join('');
      return href === undefined ? text : `<${hidden ? `${href}|` : ''}${text}>`;
    })
    .join('');
}

describe('web: a line of a log', () => {
  it('has a word in place of its mark', () => {
    for (const [text, mark, expected] of [
      ['##[error]no such file', 'error', 'Error: no such file'],
      ['##[warning]old', 'warning', 'Warning: old'],
      ['##[notice]', 'notice', 'Notice: '],
      ['##[debug]x', 'debug', 'Debug: x'],
      ['##[group]Run npm test', 'group', 'Run npm test'],
      ['##[endgroup]', 'endgroup', ''],
      ['##[endgroup]and more', 'endgroup', ''],
      ['##[section]x', undefined, '##[section]x'],
      [' ##[error]x', undefined, ' ##[error]x'],
      ['a ##[error]x', undefined, 'a ##[error]x'],
    ] as const) {
      const line = logLine(plain(text));
      expect([line.mark, textOf(line.spans)], text).to.deep.equal([mark, expected]);
    }
    const [line = []] = new Terminal().write('##[error]bad \u001b[31mthing\u001b[0m\n');
    expect(logLine(line).spans).to.deep.equal([
      { text: 'Error: ', style: 'word' },
      { text: 'bad ', style: '' },
      { text: 'thing', style: 'f1' },
    ]);
  });

  it('has links where it has addresses of the web', () => {
    for (const [text, expected] of [
      ['see https://example.org/a?b=1#c for more', 'see <https://example.org/a?b=1#c> for more'],
      ['(https://example.org/a_(b)), https://example.org.', '(<https://example.org/a_(b)>), <https://example.org>.'],
      ['"http://x/y" <http://x/z>', '"<http://x/y>" <<http://x/z>>'],
      ['[docs](https://example.org/docs)', '[docs](<https://example.org/docs>)'],
      ['http://127.0.0.1:8420/', '<http://127.0.0.1:8420/>'],
      [
        'javascript:alert(1) data:text/html,x file:///etc ftp://x',
        'javascript:alert(1) data:text/html,x file:///etc ftp://x',
      ],
      ['https:// http://[ xhttps://y', 'https:// http://[ xhttps://y'],
    ] as const)
      expect(shown(plain(text)), text).to.equal(expected);
    // colours within an address do not split it
    const [line = []] = new Terminal().write('at https://example.\u001b[1morg/a\u001b[0m b\n');
    expect(shown(line)).to.equal('at <https://example.org/a> b');
  });

  it('tells where a link of the output leads, if its text does not', () => {
    const told = (href: string, text: string) => shown([{ text, style: '', href }]);
    expect(told('https://evil.example/', 'https://bank.example/')).to.equal(
      '<https://evil.example/|https://bank.example/>',
    );
    expect(told('https://docs.example/a', 'docs')).to.equal('<https://docs.example/a|docs>');
    expect(told('https://docs.example/', 'https://docs.example')).to.equal('<https://docs.example>');
  });

  it('has what a search found marked, within styles and links and over several of them', () => {
    const line: Line = [
      { text: 'one ', style: '' },
      { text: 'two', style: 'f1' },
      { text: ' https://x.org/two', style: '' },
    ];
    expect(
      shown(line, [
        [2, 6],
        [8, 13],
        [22, 25],
      ]),
    ).to.equal('on[e ][tw]o <[https]://x.org/[two]>');
    expect(shown(line, [[0, 100]])).to.equal('[one ][two][ ]<[https://x.org/two]>');
    expect(shown([], [[0, 3]])).to.equal('');
  });

  it('keeps all its text, whatever it has', () => {
    const pieces = ['http://a.b/c', '(', ')', ')', '.', ' ', '"', '##[error]', 'https://', 'ä', ']', ',', '🚀'];
    let seed = 3;
    const random = (below: number) => {
      // a linear congruential generator, so that a failure comes again
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 2000; round++) {
      const line = Array.from({ length: 6 }, () => ({
        text: pieces[random(pieces.length)] ?? '',
        style: `f${random(3)}`,
      }));
      const from = random(20);
      const parts = partsOf(line, [[from, from + random(9)]]);
      expect(parts.flatMap((part) => part.pieces.map(({ text }) => text)).join('')).to.equal(textOf(line));
    }
  });

  it('of many brackets and addresses is drawn at once', () => {
    // the time would grow with the square of the length, so that the test would not end
    for (const text of [
      `http://x/${')'.repeat(2_000_000)}`,
      `http://x/${'('.repeat(2_000_000)}`,
      'http://x '.repeat(200_000),
    ])
      expect(partsOf(plain(text)).length).to.be.greaterThan(0);
  });
});
