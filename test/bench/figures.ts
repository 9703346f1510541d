/** The median. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/**
 * A percentile (nearest rank).
 * @param part from 0 to 1
 * @returns NaN without values
 */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Duration of the work, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
