import type { Observation } from '../../record/observations.ts';

/**
 * An error from before this start may be over, and the database does not say whether it happened again. It counts if it
 * is still there after this many milliseconds.
 */
const staleErrorPeriod = 10_000;

/**
 * The error that keeps Volt from polling a repository now.
 * @param since when this Volt started, in milliseconds since 1970
 */
export function presentError({ error }: Observation, since: number): Observation['error'] {
  if (error === null) return null;
  return Date.parse(error.since) >= since || Date.now() - since > staleErrorPeriod ? error : null;
}

/** Whether a poll of the repository has succeeded since then. */
export function observedSince({ observedAt }: Observation, since: number): boolean {
  return observedAt !== null && Date.parse(observedAt) >= since;
}
