// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what this file removes
import { markOf, markWords, withoutMark } from '../text/log-line.ts';
import { cutText } from '../text/terminal.ts';

/** Control sequences of a terminal, as `Terminal` reads them (ECMA-48, 5.4 and 8.3.89). None goes on after its line. */
const sequences =
  /\u001b(?:\[[ -?]*[@-~]?|[\]PX^_][^\u0007\u001b\n]*(?:\u0007|\u001b[^\n]?)?|[()*+#% ][^\n]?|[^\u0000-\u001f\u007f-\u009f]?)/g;
/** Other control characters, but for line ends and tabs. */
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const special = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Text without what controls a terminal. Line ends, carriage returns and tabs stay. */
export function withoutSequences(text: string): string {
  if (!special.test(text)) return text;
  return (text.includes('\u001b') ? text.replace(sequences, '') : text).replace(control, '');
}

/**
 * The text of a line as a page shows it: without what a carriage return has replaced, with words in place of a mark, and cut
 * if it is very long. It is the text of what `Terminal` and `logLine` make of the line, in a fraction of the time.
 * @param line without its line feed
 */
export function shownText(line: string): string {
  if (!special.test(line)) return wordsForMark(cutText(line));
  const text = withoutSequences(line).replace(/\r+$/, '');
  return wordsForMark(cutText(text.slice(text.lastIndexOf('\r') + 1)));
}

function wordsForMark(text: string): string {
  const mark = markOf(text);
  if (mark === undefined) return text;
  return mark === 'endgroup' ? '' : markWords[mark] + withoutMark(text, mark);
}
