/** One line of the table: what was measured, what the bare loop took in the same run, and what is asked for. */
export interface Row {
  name: string;
  /** of what Volt did, with the unit */
  volt: string;
  /** of the same without Volt, where there is such a thing */
  floor?: string;
  /** Volt against the floor, or against the bar where there is no floor */
  ratio: number;
  bars: Bar[];
  /** number of measurements */
  n: number;
  /** for programs: times in milliseconds, sizes in MB, rates per minute */
  figures: { [name: string]: number };
}

/** What is asked for. */
export interface Bar {
  /** as a sentence of the form `p50 at most 3 × the floor` */
  text: string;
  met: boolean;
  /** by how much, as part of the bar: above 0 where it is missed */
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

/** A condition that is met or not. */
export function holds(text: string, met: boolean): Bar {
  return { text, met, over: met ? 0 : 1 };
}

/** Milliseconds for people. */
export function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
