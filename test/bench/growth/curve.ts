/** One operation, measured at several sizes. */
export interface Growth {
  operation: string;
  /** what the size counts */
  of: string;
  points: Point[];
}

export interface Point {
  size: number;
  /** median of one operation, in milliseconds */
  median: number;
  /** the slowest of all, in milliseconds */
  max: number;
  n: number;
}

/**
 * How the cost grows from the first to the last point: the exponent e of cost ~ size^e. Logarithmic growth is below 0.2
 * for the measured sizes.
 */
export function exponent(points: readonly Point[]): number {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first === last) return 0;
  return Math.log(last.median / first.median) / Math.log(last.size / first.size);
}

/** The kind of growth, in a word. */
export function curve(points: readonly Point[]): string {
  const grows = exponent(points);
  if (grows < 0.1) return 'flat';
  if (grows < 0.3) return 'slower than the root';
  if (grows < 0.8) return 'slower than linear';
  return grows < 1.2 ? 'linear' : 'faster than linear';
}
