import fc from 'fast-check';

/** One thing that must hold whatever comes. */
export interface Target {
  /** as it is named on the command line: a word, with dashes */
  name: string;
  /** what must hold, for people */
  holds: string;
  /** inputs that are tried in the suite */
  runs: number;
  /** what is tried, with what it needs; asked for once each time it is begun */
  open(): Open | Promise<Open>;
}

interface Open {
  property: fc.IRawProperty<unknown>;
  close?(): Promise<void>;
}

/** A target that needs nothing, whose check fails by throwing. */
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
 * Tries a target.
 * @param seed what is tried follows from it
 * @param seconds how long, instead of as often as in the suite
 * @throws Error with the smallest input that was found for which it does not hold, and how to see it again
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
