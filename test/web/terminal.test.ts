import { expect } from 'chai';
import { type Line, Terminal } from '../../src/web/text/terminal.ts';

const ESC = '\u001b';

/** A line as text with the styles in braces. */
function shown(line: Line): string {
  return line.map(({ text, style }) => (style === '' ? text : `{${style}:${text}}`)).join('');
}
function show(text: string): string {
  const terminal = new Terminal();
  const lines = terminal.write(text);
  if (terminal.current.length > 0) lines.push(terminal.current);
  return lines.map(shown).join('|');
}

describe('web: terminal output', () => {
  for (const [what, text, expected] of [
    ['lines', 'one\ntwo\r\n\nthree', 'one|two||three'],
    ['colours', `a ${ESC}[31mred${ESC}[0m b`, 'a {f1:red} b'],
    ['bright colours on a ground', `${ESC}[92;41mx${ESC}[39;49my`, '{f10 ground b1:x}y'],
    ['a bright ground as a plain one', `${ESC}[103mx${ESC}[48;5;11my`, '{ground b3:xy}'],
    ['weights', `${ESC}[1;4mx${ESC}[22my${ESC}[24mz`, '{bold under:x}{under:y}z'],
    ['an empty sequence as the end of all styles', `${ESC}[1;31mx${ESC}[my`, '{bold f1:x}y'],
    [
      'one of 256 colours as the nearest of 16',
      `${ESC}[38;5;196mx${ESC}[38;5;2my${ESC}[38;5;255mz`,
      '{f9:x}{f2:y}{f15:z}',
    ],
    ['a colour of its own as the nearest of 16', `${ESC}[38;2;30;200;40mx`, '{f2:x}'],
    ['sequences with colons', `${ESC}[38:2::0:0:255mx${ESC}[4:3my${ESC}[4:0mz`, '{f12:x}{under f12:y}{f12:z}'],
    ['styles that go on over lines', `${ESC}[31mx\ny`, '{f1:x}|{f1:y}'],
    ['what replaces a line after a carriage return', '10%\r50%\r100%\n', '100%'],
    ['a line that ends with a carriage return alone', 'kept\r', 'kept'],
    ['nothing of what moves the cursor', `${ESC}[2K${ESC}[1Ax${ESC}[?25l${ESC}[10;20Hy`, 'xy'],
    [
      'nothing of titles and links but their text',
      `${ESC}]0;title\u0007a${ESC}]8;;http://x${ESC}\\b${ESC}]8;;${ESC}\\c`,
      'abc',
    ],
    ['nothing of other control characters', 'a\u0000\u0007\u0008b\u007fc\u0090d\te', 'abcd\te'],
    ['markup as text', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['what follows an incomplete sequence', `${ESC}[31\nx${ESC}\ny`, '|x|y'],
  ] as const) {
    it(`shows ${what}`, () => {
      expect(show(text)).to.equal(expected);
    });
  }

  it('is the same however the text is split', () => {
    const text = `a${ESC}[1;38;5;196mb${ESC}]0;t${ESC}\\c\r\nd\re${ESC}[0m 🚀\nf${ESC}(Bg`;
    const whole = show(text);
    for (let cut = 1; cut < text.length; cut++) {
      const terminal = new Terminal();
      const lines = [...terminal.write(text.slice(0, cut)), ...terminal.write(text.slice(cut)), terminal.current];
      expect(lines.map(shown).join('|'), `cut at ${cut}`).to.equal(whole);
    }
  });

  it('stays limited if a line or sequence never ends', () => {
    const terminal = new Terminal();
    for (let i = 0; i < 100; i++) terminal.write('x'.repeat(1000));
    const [line] = terminal.write('\n');
    expect(line?.map(({ text }) => text).join('')).to.equal(`${'x'.repeat(10_000)} …`);
    terminal.write(`${ESC}]`);
    for (let i = 0; i < 100; i++) terminal.write('y'.repeat(1000));
    expect(terminal.write('\nend\n').map(shown).at(-1)).to.equal('end');
  });

  it('has a line for each line feed', () => {
    const pieces = [
      `${ESC}]0;open`,
      `${ESC}(`,
      `${ESC}[3`,
      `${ESC}`,
      '\r',
      'x',
      `${ESC}P`,
      '\u0007',
      `${ESC}[1m`,
      '\n',
    ];
    let seed = 7;
    const random = (below: number) => {
      // a linear congruential generator, so that a failure comes again
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: 8 }, () => pieces[random(pieces.length)]).join('');
      const cut = random(text.length);
      const terminal = new Terminal();
      const lines = [
        ...terminal.write(text.slice(0, cut)),
        ...terminal.write(text.slice(cut)),
        ...terminal.write('\n'),
      ];
      expect(lines.length, JSON.stringify(text)).to.equal(text.split('\n').length);
    }
  });
});
