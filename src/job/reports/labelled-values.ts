import type { Expectation } from './expectation.ts';

/**
 * The words before what was expected and before what came instead: of Jest, Bun, xUnit, NUnit, Minitest, RSpec, AssertJ,
 * Hamcrest, testify and node:assert; those of Go's own examples; those of Rust and ExUnit, where by custom the right side
 * is what is expected.
 */
const pairs: readonly (readonly [expected: RegExp, actual: RegExp])[] = [
  [
    /^\s*(?:expected|to be equal to)(?: (?:value|substring|length|pattern|number of calls))?\s*: ?(.*)$/i,
    /^\s*(?:actual|received|got|found|but was|but|expecting)(?: (?:value|string|length|number of calls))?\s*: {0,2}(.*)$/i,
  ],
  [/^\s*(?:want|wanted)\s*: ?(.*)$/i, /^\s*(?:got|found|have)\s*: ?(.*)$/i],
  [/^\s*right: ?(.*)$/, /^\s*left: ?(.*)$/],
];

/** The values after labels such as `Expected:` and `Received:`, each on a line of its own or on several below it. */
export function labelledValues(lines: readonly string[]): Expectation | undefined {
  for (const [expected, actual] of pairs) {
    const one = valueAfter(expected, lines);
    const other = valueAfter(actual, lines);
    if (one === undefined || other === undefined) continue;
    // values as properties of an error of node:assert
    const areProperties = one.endsWith(',') && other.endsWith(',');
    const text = (value: string) =>
      (areProperties ? value.slice(0, -1) : value).replace(/^was (?=<)/, '').replace(/`,$/, '`');
    return { expected: text(one), actual: text(other) };
  }
  return undefined;
}

function valueAfter(label: RegExp, lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => label.test(line));
  const line = lines[at];
  if (line === undefined) return undefined;
  const first = label.exec(line)?.[1]?.trim() ?? '';
  const indent = line.search(/\S/);
  const more: string[] = [];
  for (const next of lines.slice(at + 1)) {
    const depth = next.search(/\S/);
    // a bracket may close what the line of the label has opened
    const closes = depth === indent && /[[{(]$/.test(first) && /^\s*[\]})]/.test(next);
    if (!closes && (depth <= indent || !/[[{(]$|^$/.test(first))) break;
    more.push(next.slice(first === '' ? Math.min(depth, indent + 2) : indent));
    if (closes) break;
  }
  const value = [...(first === '' ? [] : [first]), ...more].join('\n').trimEnd();
  return value === '' ? undefined : value;
}
