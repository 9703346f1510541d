/** A repository that fails is looked at after at most this many milliseconds again, 5 minutes. */
const longest = 300_000;

/**
 * How long the schedule of a repository leaves it alone after failures: longer with each, and never the same for all
 * that one host has turned away ("equal jitter", Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * The first pause is no longer than between two polls.
 * @param failures looks that have failed in a row, from 1
 * @returns milliseconds
 */
export function pauseAfter(failures: number, pollSeconds: number, random = Math.random): number {
  const poll = pollSeconds * 1000;
  const whole = Math.min(poll * 2 ** Math.min(failures - 1, 30), Math.max(longest, poll));
  return whole / 2 + random() * (whole / 2);
}
