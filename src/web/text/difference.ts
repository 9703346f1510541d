import { diffLines, diffWordsWithSpace } from 'diff';

/** A part of a line; what is changed differs from the line that it was compared with. */
export interface Piece {
  text: string;
  changed: boolean;
}

/** A line of a difference: of one side or of both, or the number of lines of both that are left out. */
export type DifferenceLine =
  | { side: 'expected' | 'actual' | 'both'; pieces: Piece[] }
  | { side: 'left-out'; lines: number };

/** The most edits that are looked for: in lines, and in words of a line. */
const mostEdits = { lines: 300, words: 60 };
/** Lines of both sides that are shown before and after those that differ. */
const context = 3;
/** The most lines that are shown. */
const mostLines = 80;
/** The least part of two lines that they must share for their changed words to be marked. */
const leastShared = 0.3;

/**
 * How what a test got differs from what it expected, line by line, with the changed words of lines that are alike.
 * @param until when the comparison must be over, by `performance.now()`; after that, both sides are shown as they are
 */
export function differenceOf(expected: string, actual: string, until: number): DifferenceLine[] {
  const timeout = until - performance.now();
  const changes =
    timeout > 0
      ? diffLines(withEnd(expected), withEnd(actual), { timeout, maxEditLength: mostEdits.lines })
      : undefined;
  if (!changes) return cut([...linesOf(expected, 'expected'), ...linesOf(actual, 'actual')]);
  const lines: DifferenceLine[] = [];
  for (let at = 0; at < changes.length; at++) {
    const [change, next] = [changes[at], changes[at + 1]];
    if (!change) break;
    if (change.removed && next?.added) {
      lines.push(...replaced(change.value, next.value, until));
      at++;
    } else if (change.removed || change.added)
      lines.push(...linesOf(change.value, change.removed ? 'expected' : 'actual'));
    else lines.push(...shortened(linesOf(change.value, 'both'), at > 0, next !== undefined));
  }
  return cut(lines);
}

/** A last line without its end would differ from one that has it. */
function withEnd(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function linesOf(text: string, side: 'expected' | 'actual' | 'both'): DifferenceLine[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => ({ side, pieces: [{ text: line, changed: false }] }));
}

/** Lines in the place of others. Where there are as many of them, each is compared with its counterpart. */
function replaced(expected: string, actual: string, until: number): DifferenceLine[] {
  const [before, after] = [expected, actual].map((text) => text.replace(/\n$/, '').split('\n')) as [string[], string[]];
  const pairs =
    before.length === after.length ? before.map((line, index) => compared(line, after[index] ?? '', until)) : [];
  const side = (of: 'expected' | 'actual', lines: string[]): DifferenceLine[] =>
    lines.map((text, index) => ({ side: of, pieces: pairs[index]?.[of] ?? [{ text, changed: false }] }));
  return [...side('expected', before), ...side('actual', after)];
}

/** The pieces of two lines; undefined if they have little in common. */
function compared(expected: string, actual: string, until: number): { expected: Piece[]; actual: Piece[] } | undefined {
  const timeout = until - performance.now();
  if (timeout <= 0) return undefined;
  const changes = diffWordsWithSpace(expected, actual, { timeout, maxEditLength: mostEdits.words });
  if (!changes) return undefined;
  const shared = changes.reduce(
    (sum, { added, removed, value }) => sum + (added || removed ? 0 : value.trim().length),
    0,
  );
  if (shared < leastShared * Math.max(expected.trim().length, actual.trim().length)) return undefined;
  const pieces = (of: 'added' | 'removed') =>
    changes
      .filter(({ added, removed }) => (of === 'added' ? !removed : !added))
      .map(({ value, [of]: changed }) => ({ text: value, changed }));
  return { expected: pieces('removed'), actual: pieces('added') };
}

/** Lines of both sides, of which those far from a difference are left out. */
function shortened(lines: DifferenceLine[], isAfter: boolean, isBefore: boolean): DifferenceLine[] {
  const begin = isAfter ? context : 0;
  const end = lines.length - (isBefore ? context : 0);
  if (end - begin < 2) return lines;
  return [...lines.slice(0, begin), { side: 'left-out', lines: end - begin }, ...lines.slice(end)];
}

function cut(lines: DifferenceLine[]): DifferenceLine[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), { side: 'left-out', lines: lines.length - mostLines }];
}
