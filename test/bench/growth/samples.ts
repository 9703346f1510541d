import { median, timed } from '../figures.ts';
import type { Point } from './curve.ts';

/** Runs operations one after the other; with many operations, the first two are for warming up. */
async function sample(size: number, n: number, operation: (index: number) => Promise<unknown>): Promise<Point> {
  const taken: number[] = [];
  for (let index = n > 3 ? -2 : 0; index < n; index++) {
    const time = await timed(() => operation(index));
    if (index >= 0) taken.push(time);
  }
  return { size, median: median(taken), max: Math.max(...taken), n };
}

/** Collects the points of each operation, size by size. */
export class Collection {
  readonly #points = new Map<string, Point[]>();
  readonly #of: string;

  constructor(of: string) {
    this.#of = of;
  }

  async measure(operation: string, size: number, n: number, work: (index: number) => Promise<unknown>): Promise<void> {
    this.#points.set(operation, [...(this.#points.get(operation) ?? []), await sample(size, n, work)]);
  }

  get growths() {
    return [...this.#points].map(([operation, points]) => ({ operation, of: this.#of, points }));
  }
}
