import type { Sample } from './sample.ts';

/** How one count developed over the time that matters. */
export interface Course {
  name: string;
  first: number;
  last: number;
  least: number;
  most: number;
  /** growth in an hour, by linear regression */
  hourly: number;
  /** largest allowed growth in an hour; undefined if it is expected to grow */
  bound: number | undefined;
}

/**
 * A count may grow in an hour by this part of itself, by the floor, or by what chance explains (so many standard errors
 * of the line), whichever is the largest.
 */
const part = 0.1;
const floor = 3;
const chance = 3;

/** Counts that grow with each commit or message, and what limits each instead. */
const growing: { [name: string]: string } = {
  'files in mirrors/': 'history is kept; packed when there is much of it',
  'MB in mirrors/': 'history is kept',
  'Redis: keys that are kept for a day': 'ended messages: removed after a day, or beyond 10,000 of a queue',
  'Redis: MB of keys that are kept for a day': 'the same, and events of queues: up to 10,000 each',
  'files in redis/': 'rewritten when it has doubled',
  'MB in redis/': 'the append-only file: rewritten when it has doubled',
};

export function boundBy(name: string): string | undefined {
  return growing[name];
}

/** @param samples each with the minute of its measurement */
export function courses(samples: readonly { minute: number; values: Sample }[]): Course[] {
  const names = new Set(samples.flatMap(({ values }) => [...values.keys()]));
  return [...names].map((name) => {
    const points = samples.map(({ minute, values }): [number, number] => [minute, values.get(name) ?? 0]);
    const values = points.map(([, value]) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const line = lineThrough(points);
    return {
      name,
      first: values[0] ?? 0,
      last: values.at(-1) ?? 0,
      least: Math.min(...values),
      most: Math.max(...values),
      hourly: 60 * line.slope,
      bound: growing[name] === undefined ? Math.max(part * mean, floor, chance * 60 * line.error) : undefined,
    };
  });
}

/** Least-squares line: its slope, and the standard error of the slope. */
function lineThrough(points: readonly [number, number][]): { slope: number; error: number } {
  const n = points.length;
  const [x, y] = [0, 1].map((axis) => points.reduce((sum, point) => sum + (point[axis] as number), 0) / n) as [
    number,
    number,
  ];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  if (n < 3 || spread === 0) return { slope: 0, error: 0 };
  const slope = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
  const rest = points.reduce((sum, [at, value]) => sum + (value - y - slope * (at - x)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (n - 2) / spread) };
}
