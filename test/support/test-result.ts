import type { TestResult } from '../../src/kernel/model.ts';

/** What the result of a test that passed says of a failure. */
export const noFailure = {
  message: null,
  details: null,
  expected: null,
  actual: null,
  stack: [],
} satisfies Partial<TestResult>;
