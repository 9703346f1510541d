import { expect } from 'chai';
import fc from 'fast-check';
import { HarmlessText, harmless } from '../../../src/cli/foreign-text.ts';
import { plain, plainLines, plainOutput } from '../../../src/cli/terminal.ts';
import { type Target, target } from '../target.ts';
import { anyBytes, anyCuts, anyText, pieces } from '../texts.ts';

/** Everything that controls a terminal, or changes the order of the text around it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what does something
const effects = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colour = /\u001b\[[\d;:]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what does something
const logEffects = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

export const terminalTargets: Target[] = [
  target(
    'terminal-lines',
    'foreign text in a line of the terminal does nothing to it, nor to what stands beside it',
    1000,
    anyText(10),
    (text) => {
      expect(plain(text)).to.not.match(effects);
      expect(plainOutput(text)).to.not.match(effects);
      for (const line of plainLines(text, '  ').split('\n')) expect(line).to.not.match(effects);
    },
  ),
  target(
    'terminal-logs',
    'a log on the terminal has colours and nothing else, wherever it is cut',
    1000,
    fc.tuple(anyBytes(anyText(12)), anyCuts),
    ([bytes, cuts]) => {
      const stream = new HarmlessText();
      const shown = pieces(bytes, cuts)
        .map((piece) => stream.push(piece))
        .join('');
      for (const text of [shown, harmless(bytes.toString())])
        expect(text.replace(colour, ''), JSON.stringify(text)).to.not.match(logEffects);
    },
  ),
];
