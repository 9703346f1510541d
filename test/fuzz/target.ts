import fc from 'fast-check';

/** An invariant that must hold for any input. */
export interface Target {
  /** its name on the command line: a word, with dashes */
  name: string;
  /** the invariant, for people */
  holds: string;
  /** number of inputs in the test suite */
  runs: number;
  /** creates the property and what it needs; called once for each run */
  open(): Open | Promise<Open>;
}

interface Open {
  property: fc.IRawProperty<unknown>;
  close?(): Promise<void>;
}

/** A target without preparation, whose check throws if the invariant is violated. */
export function target<T>(
  name: string,
  holds: string,
  runs: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
): Target {
  return { name, holds, runs, open: () => ({ property: fc.asyncProperty(inputs, async (input) => check(input)) }) };
}

/**
 * Tests a target.
 * @param seed determines the inputs
 * @param seconds how long, instead of the number of inputs of the suite
 * @throws Error with the smallest input that violates the invariant, and how to repeat it
 */
export async function attempt({ name, runs, open }: Target, seed: number, seconds?: number): Promise<number> {
  const { property, close } = await open();
  try {
    const often =
      seconds === undefined ? { numRuns: runs } : { numRuns: 100_000_000, interruptAfterTimeLimit: seconds * 1000 };
    const result = await fc.check(property as fc.IAsyncProperty<unknown>, { seed, ...often });
    if (!result.failed) return result.numRuns;
    const why = result.errorInstance instanceof Error ? result.errorInstance.stack : result.errorInstance;
    throw new Error(
      `${fc.defaultReportMessage(result)}\n${why}\nTo see it again: npm run fuzz -- --seed ${seed} ${name}`,
    );
  } finally {
    await close?.();
  }
}
