import type { Expectation } from './expectation.ts';

/** The difference of uvu, whose lines begin with two signs, `++` for what is expected, and have dots for spaces. */
export function uvuDifference(lines: readonly string[]): Expectation | undefined {
  const expected: string[] = [];
  const actual: string[] = [];
  for (const line of lines) {
    const [, sign = '', shown = ''] = /^\s*(\+\+|--|··)(.*)$/.exec(line) ?? [];
    const text = withoutName(shown).replaceAll('·', ' ');
    if (sign === '++' || sign === '··') expected.push(text);
    if (sign === '--' || sign === '··') actual.push(text);
  }
  const isNamed = lines.some((line) => /^\s*Actual:$|\(Actual\)$/.test(line));
  return isNamed && expected.length > 0 && actual.length > 0
    ? { expected: expected.join('\n'), actual: actual.join('\n') }
    : undefined;
}

function withoutName(shown: string): string {
  const name = [' (Expected)', ' (Actual)'].find((end) => shown.endsWith(end));
  return name === undefined ? shown : shown.slice(0, -name.length).trimEnd();
}
