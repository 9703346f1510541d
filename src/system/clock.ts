import { uptime } from 'node:os';

/**
 * A point in time for measuring durations, including suspends of the machine. CLOCK_MONOTONIC, which `performance.now()` reads,
 * stops during a suspend; the machine's uptime (CLOCK_BOOTTIME) does not. Neither jumps when somebody sets the clock.
 */
export interface Moment {
  /** milliseconds on the clock that stops during a suspend; equal for all threads, unlike `performance.now()` */
  readonly awake: number;
  /** milliseconds since the boot, with a resolution of 10 ms */
  readonly booted: number;
}

export function moment(): Moment {
  return { awake: awake(), booted: sinceBoot() };
}

/** @returns see Moment */
export function awake(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @returns milliseconds from one moment to another, by the clock with the longer duration */
export function between(earlier: Moment, later: Moment): number {
  return Math.max(later.awake - earlier.awake, later.booted - earlier.booted);
}

/**
 * @returns milliseconds since the boot including suspends, equal for all processes; 0 where the system has no uptime, so that the
 * other clock counts
 */
export function sinceBoot(): number {
  try {
    return uptime() * 1000;
  } catch {
    return 0;
  }
}
