/** One operation, measured at several sizes of what it works on. */
export interface Growth {
  operation: string;
  /** what there is so many of */
  of: string;
  points: Point[];
}

export interface Point {
  size: number;
  /** median of one operation, in milliseconds */
  median: number;
  /** the slowest of them */
  max: number;
  n: number;
}

/**
 * How the cost grows with the size, from the first and the last point: the exponent e of cost ~ size^e. A logarithm
 * comes out below 0.2 for the sizes that are measured here.
 */
export function exponent(points: readonly Point[]): number {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first === last) return 0;
  return Math.log(last.median / first.median) / Math.log(last.size / first.size);
}

/** The curve that was seen, in a word. */
export function curve(points: readonly Point[]): string {
  const grows = exponent(points);
  if (grows < 0.1) return 'flat';
  if (grows < 0.3) return 'slower than the root';
  if (grows < 0.8) return 'slower than linear';
  return grows < 1.2 ? 'linear' : 'faster than linear';
}
