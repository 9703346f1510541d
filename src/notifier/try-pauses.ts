/** The first and the longest pause (ms) before something is tried again. */
export interface TryPauses {
  first: number;
  most: number;
}

/**
 * The pause before the next try: it doubles with each failure, and has up to a quarter less, so that not all are tried at the same
 * time.
 * @param failures how many have come before the last one
 * @returns whole milliseconds
 */
export function pauseOf({ first, most }: TryPauses, failures: number): number {
  return Math.round(Math.min(first * 2 ** failures, most) * (1 - Math.random() / 4));
}
