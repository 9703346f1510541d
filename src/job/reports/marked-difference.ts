import type { Expectation } from './expectation.ts';

/** The signs with which lines of a difference begin. */
export interface Signs {
  expected: string;
  actual: string;
}

/** How a difference is announced, and which sign means what there. */
interface Legend {
  pattern: RegExp;
  /** of the line after it, which belongs to the legend */
  next?: RegExp;
  signs: Signs;
}

const minusIsExpected: Signs = { expected: '-', actual: '+' };
const plusIsExpected: Signs = { expected: '+', actual: '-' };

const legends: readonly Legend[] = [
  // Mocha
  { pattern: /^\s*\+ expected - actual$/, signs: plusIsExpected },
  // node:assert
  { pattern: /^\s*\+ actual - expected(?: \.\.\. .*)?$/, signs: minusIsExpected },
  // Jest, Vitest, Bun
  { pattern: /^\s*- (?:Expected|Snapshot)\b/, next: /^\s*\+ Received\b/, signs: minusIsExpected },
  // PHPUnit, Minitest, testify, node-tap
  { pattern: /^\s*--- expected$/i, next: /^\s*\+\+\+ actual$/i, signs: minusIsExpected },
  // AVA
  { pattern: /^\s*Difference(?: \(- actual, \+ expected\))?:$/, signs: plusIsExpected },
  // Deno
  { pattern: /^\s*\[Diff\] Actual \/ Expected$/, signs: plusIsExpected },
  // go-cmp
  { pattern: /\(-want \+got\):?$/, signs: minusIsExpected },
  { pattern: /\(-got \+want\):?$/, signs: plusIsExpected },
  // RSpec
  { pattern: /^\s*Diff:$/, next: /^\s*@@ /, signs: minusIsExpected },
  // pretty_assertions of Rust
  { pattern: /^\s*Diff < left \/ right > ?:$/, signs: { expected: '>', actual: '<' } },
];

/** Lines that stand for others that are left out. */
const leftOut = /^(?:@@|\.\.\.|…)/;
/** Lines of a stack, which end a difference. */
const stackLine = /^\s*(?:at |❯ |› |# |File ")/;

/** The difference that a test runner shows: lines that begin with a sign each, after a legend or, as in Bun, before it. */
export function markedDifference(lines: readonly string[]): Expectation | undefined {
  for (const [index, line] of lines.entries()) {
    const legend = legends.find(
      ({ pattern, next }) => pattern.test(line) && (next === undefined || next.test(lines[index + 1] ?? '')),
    );
    if (!legend) continue;
    const margin = /^\s*/.exec(line)?.[0] ?? '';
    const after = lines.slice(index + (legend.next ? 2 : 1));
    return (
      sidesOf(after, margin, legend.signs) ??
      // Deno indents only the legend
      sidesOf(after, '', legend.signs) ??
      sidesOf(blockBefore(lines.slice(0, index)), margin, legend.signs)
    );
  }
  return undefined;
}

/** The lines before a legend, back to an empty one. */
function blockBefore(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  const begin = lines.slice(0, end).findLastIndex((line) => line.trim() === '') + 1;
  return lines.slice(begin, end);
}

/**
 * Both sides of the lines of a difference.
 * @param margin what all its lines begin with
 * @returns undefined if no line has a sign
 */
export function sidesOf(lines: readonly string[], margin: string, signs: Signs): Expectation | undefined {
  const expected: string[] = [];
  const actual: string[] = [];
  /** lines of both sides that count only if a line with a sign follows them */
  const between: string[] = [];
  let found = false;
  const both = (texts: readonly string[]) => {
    expected.push(...texts);
    actual.push(...texts);
  };
  for (const line of lines) {
    const text = line.startsWith(margin) ? line.slice(margin.length) : line.trimStart();
    const isOutside = !line.startsWith(margin) && text !== '';
    if (isOutside || stackLine.test(line)) break;
    const side = text.startsWith(signs.expected) ? expected : text.startsWith(signs.actual) ? actual : undefined;
    if (side) {
      both(between.splice(0));
      side.push(text.slice(1));
      found = true;
    } else if (leftOut.test(text)) between.push('…');
    else if (text === '' || text.startsWith(' ')) between.push(text.slice(1));
    else if (!text.startsWith('?')) break;
  }
  if (!found) return undefined;
  const end = between.findIndex((text) => text.trim() === '');
  both(end < 0 ? between : between.slice(0, end));
  return { expected: joined(expected), actual: joined(actual) };
}

/** Lines as one text, without the indentation that all of them share. */
function joined(lines: readonly string[]): string {
  const filled = lines.filter((line) => line.trim() !== '' && line !== '…');
  const indent = Math.min(...filled.map((line) => line.search(/\S/)));
  const begin = lines.findIndex((line) => line.trim() !== '' && line !== '…');
  const cut = lines.slice(Math.max(begin, 0)).map((line) => (line === '…' ? line : line.slice(indent)));
  return cut.join('\n').trimEnd();
}
