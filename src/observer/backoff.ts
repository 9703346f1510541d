/** Milliseconds after which a repository that fails is polled again at the latest, 5 minutes. */
const longest = 300_000;

/**
 * How long the schedule skips a repository after failures: longer with each, and different for the repositories of one
 * host that has failed ("equal jitter", Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * The first pause is no longer than the time between two polls.
 * @param failures failed polls in a row, from 1
 * @returns milliseconds
 */
export function pauseAfter(failures: number, pollSeconds: number, random = Math.random): number {
  const poll = pollSeconds * 1000;
  const whole = Math.min(poll * 2 ** Math.min(failures - 1, 30), Math.max(longest, poll));
  return whole / 2 + random() * (whole / 2);
}
