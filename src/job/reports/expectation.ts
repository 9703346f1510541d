/** What a test has expected, and what it got instead, as its runner has printed both. */
export interface Expectation {
  expected: string;
  actual: string;
}
