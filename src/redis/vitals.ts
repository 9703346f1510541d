import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Config } from '../kernel/config.ts';
import { serverClock } from '../kernel/server-time.ts';
import { warningsOf } from '../kernel/warnings.ts';
import { type Disk, diskOf, isLow } from '../system/disk.ts';
import { reconnects } from './connect.ts';
import type { Vitals } from './membership.ts';

/**
 * Milliseconds between samples of the event loop, each of which wakes the process up: longer delays are always seen, shorter
 * ones sometimes.
 */
const resolution = 500;
/** Milliseconds after which lag and free disk space are measured again. */
const refresh = 5000;

/** Reads the vitals of this process. Never waits: a heartbeat must not hang with a disk. */
export class VitalsReader {
  readonly #stage: string;
  readonly #config: Config;
  #disk: Disk | undefined;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** @param stage whose warnings are included */
  constructor(stage: string, config: Config) {
    this.#stage = stage;
    this.#config = config;
    lag();
    this.#measureDisk();
  }

  read(): Vitals {
    if (performance.now() - this.#measuredAt > refresh) this.#measureDisk();
    return {
      ...usage(),
      lag: lag(),
      reconnects: reconnects(),
      diskFree: this.#disk?.free ?? null,
      diskLow: this.#disk !== undefined && isLow(this.#disk, this.#config),
      clockAhead: serverClock.ahead,
      warnings: warningsOf(this.#stage),
    };
  }

  /** One measurement at a time: while it hangs, the last result stays. */
  #measureDisk(): void {
    this.#measuredAt = Number.POSITIVE_INFINITY;
    void diskOf(this.#config.dataDir).then((disk) => {
      this.#disk = disk;
      this.#measuredAt = performance.now();
    });
  }
}

/** Milliseconds for which all stages of the process share one measurement. */
const sharedFor = 100;
let measured = { memory: 0, cpu: 0 };
let usageAt = Number.NEGATIVE_INFINITY;

/** Memory in bytes and processor time in seconds of this process. */
function usage(): { memory: number; cpu: number } {
  const now = performance.now();
  if (now - usageAt > sharedFor) {
    const { user, system } = process.cpuUsage();
    measured = { memory: process.memoryUsage.rss(), cpu: (user + system) / 1e6 };
    usageAt = now;
  }
  return measured;
}

/** One for all stages of the process. */
const delays = monitorEventLoopDelay({ resolution });
let windowStart = Number.NEGATIVE_INFINITY;
let lastWindow = 0;

/** The longest delay of the event loop in this window and the previous one, in milliseconds. */
function lag(): number {
  const now = performance.now();
  if (windowStart === Number.NEGATIVE_INFINITY) {
    delays.enable();
    windowStart = now;
  }
  const longest = Math.max(0, delays.max / 1e6 - resolution);
  if (now - windowStart > refresh) {
    lastWindow = longest;
    windowStart = now;
    delays.reset();
  }
  return Math.round(Math.max(longest, lastWindow) * 10) / 10;
}
