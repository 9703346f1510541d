import { comparedInSentence } from './compared-in-sentence.ts';
import type { Expectation } from './expectation.ts';
import { labelledValues } from './labelled-values.ts';
import { markedDifference } from './marked-difference.ts';
import { pythonDifference } from './python-difference.ts';
import { uvuDifference } from './uvu-difference.ts';

/** The most characters and lines of a failure that are searched, and the most characters of one line. */
const mostText = 20_000;
const mostLines = 500;
const longestLine = 2000;

/**
 * Finds what a test has expected and what it got in the text about its failure, in the words of test runners and of
 * assertion libraries. The time is in proportion to the length of the text.
 * @returns undefined if the text does not say both in a known way
 */
export function expectationIn(text: string): Expectation | undefined {
  const lines = text
    .slice(0, mostText)
    .split('\n', mostLines)
    .map((line) => line.slice(0, longestLine).replace(/\r$/, ''));
  const said =
    pythonDifference(lines) ??
    uvuDifference(lines) ??
    markedDifference(lines) ??
    labelledValues(lines) ??
    comparedInSentence(lines);
  return said && said.expected !== said.actual ? said : undefined;
}
