import type { Expectation } from './expectation.ts';

/** Characters of a sentence, and lines that are searched for one. */
const longest = 500;
const mostLines = 60;

/** Sentences that compare two values. Each takes time in proportion to the length of a line. */
const sentences: readonly RegExp[] = [
  // JUnit, Kotest; TestNG
  /\bexpected: ?<(?<expected>.*)> but was: ?<(?<actual>.*)>/,
  /\bexpected \[(?<expected>.*)\] but found \[(?<actual>.*)\]/,
  // MSTest
  /\bExpected:<(?<expected>.*)>\. Actual:<(?<actual>.*)>\./,
  // test-unit
  /^<(?<expected>.*)> expected but was <(?<actual>.*)>\.?$/,
  // Chai, Vitest
  /\bexpected (?<actual>\S.*) to (?:(?:deeply|strictly|loosely|deep) )?equal (?<expected>\S.*)$/,
  /\bexpected (?<actual>\S.*) to be (?<expected>\S.*) \/\/ Object\.is equality$/,
  // PHPUnit
  /^Failed asserting that (?<actual>\S.*) (?:is identical to|is equal to|matches expected) (?<expected>\S.*)\.$/,
  // ScalaTest
  /^(?<actual>\S.*) did not equal (?<expected>\S.*?)(?: \([\w.]+:\d+\))?$/,
  // pytest
  /^(?:\w+: )?assert (?<actual>(?:(?! == ).)+) == (?<expected>(?:(?! == ).)+)$/,
  // unittest, where by custom the second value is what is expected
  /^AssertionError: (?:\w+ differ: )?(?<actual>(?:(?! != ).)+) != (?<expected>(?:(?! != ).)+?)(?: : .*)?$/,
  // node:assert
  /^(?:AssertionError \[ERR_ASSERTION\]: )?(?<actual>\S+) (?:!==|==|!=) (?<expected>\S+)$/,
  // Go
  /(?:\bgot:? |= )(?<actual>\S[^,;]*)[,;] (?:want|wanted|expected):? (?<expected>\S.*)$/i,
  /\b(?:want|wanted|expected):? (?<expected>\S[^,;]*)[,;]? (?:but )?(?:got|have):? (?<actual>\S.*)$/i,
];

/** Both values of a sentence such as `expected 2 to equal 3`. */
export function comparedInSentence(lines: readonly string[]): Expectation | undefined {
  for (const [index, line] of lines.slice(0, mostLines).entries()) {
    const isFirst = /^<.*> expected but was$/.test(line.trim());
    const text = (isFirst ? `${line.trim()} ${lines[index + 1] ?? ''}` : line).trim();
    if (text.length > longest) continue;
    for (const sentence of sentences) {
      const { expected, actual } = sentence.exec(text)?.groups ?? {};
      if (expected !== undefined && actual !== undefined) return { expected, actual };
    }
  }
  return undefined;
}
