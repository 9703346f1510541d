import { expect } from 'chai';
import { HarmlessText, harmless } from '../../src/cli/foreign-text.ts';
import { plain } from '../../src/cli/terminal.ts';

describe('foreign text on a terminal', () => {
  const esc = '\u001b';
  const cases: [what: string, text: string, shown: string][] = [
    ['keeps colours', `${esc}[1;31mred${esc}[0m\ttab\r\n`, `${esc}[1;31mred${esc}[0m\ttab\r\n`],
    ['does not write to the clipboard', `a${esc}]52;c;aGk=\u0007b`, 'ab'],
    ['does not set the window title', `a${esc}]0;title${esc}\\b`, 'ab'],
    ['does not move the cursor or clear the screen', `a${esc}[2J${esc}[1;1Hb${esc}[?1049h`, 'ab'],
    ['loses all other escape sequences', `a${esc}cb${esc}Pq${esc}\\c`, 'acbc'],
    ['loses control characters', 'a\u009b2Jb\u0007\u0008', 'a2Jb'],
    [
      'loses sequences that appear when others are removed',
      `a${esc}${esc}[2J[2Jb${esc}]52;c;x${esc}]0;y\u0007`,
      'a[2Jb]52;c;x',
    ],
  ];
  for (const [what, text, shown] of cases) {
    it(`${what}, in any split into chunks`, () => {
      expect(harmless(text)).to.equal(shown);
      for (let cut = 0; cut <= text.length; cut++) {
        const stream = new HarmlessText();
        const pieces = [text.slice(0, cut), Buffer.from(text.slice(cut)), 'end'].map((piece) => stream.push(piece));
        // a sequence to the window that is cut shows as text, which does nothing
        const said = pieces.join('');
        expect(harmless(said), `cut at ${cut}`).to.equal(said);
        if (!text.includes(`${esc}]`) && !text.includes(`${esc}P`))
          expect(said, `cut at ${cut}`).to.equal(`${shown}end`);
      }
    });
  }

  it('does not change the text direction of its line and ends no line', () => {
    const subject = 'fix \u202e\u2066txet\u2069\u202c\u2028next\u0085and\nlast';
    expect(`✔ 7 ${plain(subject)} failed`).to.equal('✔ 7 fix  txet next and last failed');
  });

  it('keeps characters that are split between two chunks', () => {
    const stream = new HarmlessText();
    const bytes = Buffer.from('ü');
    expect(stream.push(bytes.subarray(0, 1)) + stream.push(bytes.subarray(1))).to.equal('ü');
  });
});
