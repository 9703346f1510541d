import type { Observation } from '../../record/observations.ts';

/**
 * An error from before this start may be over, but the record does not tell whether it was seen again. It counts when
 * it is still there after this many milliseconds.
 */
const benefitOfDoubt = 10_000;

/**
 * The error that keeps a repository from being observed now.
 * @param since when this Volt started, in milliseconds since 1970
 */
export function presentError({ error }: Observation, since: number): Observation['error'] {
  if (error === null) return null;
  return Date.parse(error.since) >= since || Date.now() - since > benefitOfDoubt ? error : null;
}

/** Whether the repository has been looked at without error since then. */
export function observedSince({ observedAt }: Observation, since: number): boolean {
  return observedAt !== null && Date.parse(observedAt) >= since;
}
