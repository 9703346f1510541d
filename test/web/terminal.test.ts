import { expect } from 'chai';
import { type Line, Terminal } from '../../src/web/text/terminal.ts';

const ESC = '\u001b';

/** A line as text with the styles in braces. */
function shown(line: Line): string {
  return line
    .map(({ text, ...look }) => (look.style === '' && !look.href ? text : `{${Object.values(look).join(' ')}:${text}}`))
    .join('');
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
    ['bright colours on a ground', `${ESC}[92;41mx${ESC}[39;49my`, '{f10 b1:x}y'],
    ['a bright ground', `${ESC}[103mx${ESC}[48;5;11my`, '{b11:xy}'],
    ['weights', `${ESC}[1;4mx${ESC}[22my${ESC}[24mz`, '{bold under:x}{under:y}z'],
    ['an empty sequence as the end of all styles', `${ESC}[1;31mx${ESC}[my`, '{bold f1:x}y'],
    [
      'one of 256 colours as it is, and the nearest of 16',
      `${ESC}[38;5;208mx${ESC}[38;5;2my${ESC}[38;5;255mz`,
      '{f9 #ff8700:x}{f2:y}{f15 #eeeeee:z}',
    ],
    [
      'a colour of its own',
      `${ESC}[38;2;30;200;40mx${ESC}[48;2;40;90;160my`,
      '{f2 #1ec828:x}{f2 b4 #1ec828 #285aa0:y}',
    ],
    [
      'sequences with colons',
      `${ESC}[38:2::0:0:255mx${ESC}[4:3my${ESC}[4:0mz`,
      '{f12 #0000ff:x}{under f12 #0000ff:y}{f12 #0000ff:z}',
    ],
    ['inverse text: the colour as the ground', `${ESC}[31;7mx${ESC}[27my`, '{b1:x}{f1:y}'],
    ['inverse text without a colour', `${ESC}[7mx${ESC}[1my${ESC}[0mz`, '{inverse:x}{bold inverse:y}z'],
    ['inverse text on a ground', `${ESC}[41;7mx${ESC}[33my`, '{f1 inverse:x}{f1 b3:y}'],
    ['an inverse colour of its own', `${ESC}[38;5;208;7mx`, '{b9 #ff8700:x}'],
    ['struck, italic and dim text', `${ESC}[9mx${ESC}[3my${ESC}[29;2mz`, '{struck:x}{italic struck:y}{dim italic:z}'],
    ['styles that go on over lines', `${ESC}[31mx\ny`, '{f1:x}|{f1:y}'],
    ['what replaces a line after a carriage return', '10%\r50%\r100%\n', '100%'],
    ['a line that ends with a carriage return alone', 'kept\r', 'kept'],
    ['nothing of what moves the cursor', `${ESC}[2K${ESC}[1Ax${ESC}[?25l${ESC}[10;20Hy`, 'xy'],
    ['nothing of titles', `${ESC}]0;title\u0007a`, 'a'],
    [
      'links of the output',
      `a${ESC}]8;;http://x${ESC}\\b${ESC}[31mc${ESC}]8;;${ESC}\\d${ESC}]8;id=1;HTTPS://y/?q=1;2\u0007e`,
      'a{ http://x/:b}{f1 http://x/:c}{f1:d}{f1 https://y/?q=1;2:e}',
    ],
    ['links until the end of their line', `${ESC}]8;;http://x${ESC}\\a\nb`, '{ http://x/:a}|b'],
    [
      'no links but those to the web',
      ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//x', ' http://x', 'http://', 'java\nscript:x']
        .map((target) => `${ESC}]8;;${target}${ESC}\\a`)
        .join(''),
      // a line feed ends the sequence
      'aaaaaa|script:xa',
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
