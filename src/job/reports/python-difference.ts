import { comparedInSentence } from './compared-in-sentence.ts';
import type { Expectation } from './expectation.ts';
import { labelledValues } from './labelled-values.ts';
import { type Signs, sidesOf } from './marked-difference.ts';

/** Lines in which pytest explains an error. */
const explanation = /^E(?: {3,}|$)/;

/**
 * What pytest and unittest say of a failed assertion: a comparison, and if it is a longer one, a difference. In one of pytest,
 * `-` is the right side of the comparison, in one of unittest the first value. By custom, the right side and the second value
 * are what is expected.
 */
export function pythonDifference(lines: readonly string[]): Expectation | undefined {
  const begin = lines.findIndex((line) => explanation.test(line));
  if (begin < 0) return ofUnittest(lines);
  const base = /^E +/.exec(lines[begin] ?? '')?.[0].length ?? 1;
  const end = lines.findIndex((line, index) => index > begin && !explanation.test(line));
  const said = lines.slice(begin, end < 0 ? undefined : end).map((line) => line.slice(base));
  return ofAssert(said) ?? ofUnittest(said) ?? comparedInSentence(said) ?? labelledValues(said);
}

function ofAssert(said: readonly string[]): Expectation | undefined {
  const isCut = said.some((line) => /Full output truncated/.test(line));
  if (isCut || !/^(?:\w+: )?assert /.test(said[0] ?? '')) return undefined;
  const full = said.findIndex((line) => /^\s*Full diff:/.test(line));
  // what the values come from looks like lines of a difference
  const rest = said.slice(Math.max(full, 0) + 1).filter((line) => !/^\s*\+ {2}(?:where|and) /.test(line));
  return fromFirstSign(rest, full >= 0, { expected: '-', actual: '+' });
}

function ofUnittest(lines: readonly string[]): Expectation | undefined {
  const begin = lines.findIndex((line) => /^AssertionError: .* != /.test(line));
  return begin < 0 ? undefined : fromFirstSign(lines.slice(begin + 1), false, { expected: '+', actual: '-' });
}

/** @param isWhole whether lines before the first one with a sign belong to the difference, too */
function fromFirstSign(lines: readonly string[], isWhole: boolean, signs: Signs): Expectation | undefined {
  const first = lines.findIndex((line) => /^\s*[-+] /.test(line));
  if (first < 0) return undefined;
  const margin = /^\s*/.exec(lines[first] ?? '')?.[0] ?? '';
  return sidesOf(isWhole ? lines : lines.slice(first), margin, signs);
}
