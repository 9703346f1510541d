/** One row of the table: what was measured, the bare loop in the same run, and the bar. */
export interface Row {
  name: string;
  /** result of Volt, with its unit */
  volt: string;
  /** result without Volt, if that exists */
  floor?: string;
  /** ratio of Volt to the floor, or to the bar if there is no floor */
  ratio: number;
  bars: Bar[];
  /** number of measurements */
  n: number;
  /** for programs: times in milliseconds, sizes in MB, rates per minute */
  figures: { [name: string]: number };
}

/** The required value. */
export interface Bar {
  /** as text, such as `p50 at most 3 × the floor` */
  text: string;
  met: boolean;
  /** difference, as a fraction of the bar; above 0 if it is missed */
  over: number;
}

/** A bar that a value must not exceed. */
export function atMost(text: string, value: number, bar: number): Bar {
  return { text, met: value <= bar, over: value / bar - 1 };
}

/** A bar that a value must reach. */
export function atLeast(text: string, value: number, bar: number): Bar {
  return { text, met: value >= bar, over: 1 - value / bar };
}

/** A condition that is true or false. */
export function holds(text: string, met: boolean): Bar {
  return { text, met, over: met ? 0 : 1 };
}

/** Milliseconds for people. */
export function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
