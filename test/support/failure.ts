import { type ErrorCode, VoltError } from '../../src/kernel/errors.ts';

/** The error with that code that the work fails with; throws if it succeeds or fails otherwise. */
export async function failure(code: ErrorCode, work: () => unknown): Promise<VoltError> {
  let outcome: unknown;
  try {
    outcome = await work();
  } catch (error) {
    if (error instanceof VoltError && error.code === code) return error;
    throw error;
  }
  throw new Error(`expected ${code}, but it came to ${JSON.stringify(outcome)}`);
}
