import { uptime } from 'node:os';

/**
 * A point in time from which is counted how long ago something was, while the machine slept included. CLOCK_MONOTONIC,
 * which `performance.now()` reads, stands still in a suspend; the machine's uptime (CLOCK_BOOTTIME) goes on. Neither
 * jumps when somebody sets the time of day.
 */
export interface Moment {
  /** milliseconds on the clock that stands still in a suspend; the same for all threads, unlike `performance.now()` */
  readonly awake: number;
  /** milliseconds since the machine was started, to 10 ms */
  readonly booted: number;
}

export function moment(): Moment {
  return { awake: awake(), booted: sinceBoot() };
}

/** @returns see Moment */
export function awake(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @returns milliseconds from one moment to another; where the two clocks differ, what the longer one says */
export function between(earlier: Moment, later: Moment): number {
  return Math.max(later.awake - earlier.awake, later.booted - earlier.booted);
}

/**
 * @returns milliseconds since the machine was started, suspends included; the same for all processes of it. Where the system
 * does not tell its uptime it is 0, and the other clock has to do.
 */
export function sinceBoot(): number {
  try {
    return uptime() * 1000;
  } catch {
    return 0;
  }
}
