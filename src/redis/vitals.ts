import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Config } from '../kernel/config.ts';
import { serverClock } from '../kernel/server-time.ts';
import { warningsOf } from '../kernel/warnings.ts';
import { type Disk, diskOf, isLow } from '../system/disk.ts';
import { reconnects } from './connect.ts';
import type { Vitals } from './membership.ts';

/**
 * Milliseconds between samples of the event loop, each of which wakes the process up: what holds it for longer is always
 * seen, what is shorter now and then.
 */
const resolution = 500;
/** What is told of lag and disk is at most about this old (ms). */
const refresh = 5000;

/** Tells how this process is doing. Never waits: a heartbeat must not hang on a disk that does. */
export class VitalsReader {
  readonly #stage: string;
  readonly #config: Config;
  #disk: Disk | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param stage whose warnings are told */
  constructor(stage: string, config: Config) {
    this.#stage = stage;
    this.#config = config;
    lag();
    this.#look();
  }

  read(): Vitals {
    if (performance.now() - this.#lookedAt > refresh) this.#look();
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

  /** One look at a time: while one hangs, what it found last is told. */
  #look(): void {
    this.#lookedAt = Number.POSITIVE_INFINITY;
    void diskOf(this.#config.dataDir).then((disk) => {
      this.#disk = disk;
      this.#lookedAt = performance.now();
    });
  }
}

/** Milliseconds for which what was found of the process counts for all of its stages. */
const together = 100;
let found = { memory: 0, cpu: 0 };
let foundAt = Number.NEGATIVE_INFINITY;

/** Memory in bytes and processor time in seconds of this process. */
function usage(): { memory: number; cpu: number } {
  const now = performance.now();
  if (now - foundAt > together) {
    const { user, system } = process.cpuUsage();
    found = { memory: process.memoryUsage.rss(), cpu: (user + system) / 1e6 };
    foundAt = now;
  }
  return found;
}

/** One for the process, however many stages are in it. */
const delays = monitorEventLoopDelay({ resolution });
let windowBegan = Number.NEGATIVE_INFINITY;
let lastWindow = 0;

/** The longest delay of the event loop in this window of time and the one before, in milliseconds. */
function lag(): number {
  const now = performance.now();
  if (windowBegan === Number.NEGATIVE_INFINITY) {
    delays.enable();
    windowBegan = now;
  }
  const longest = Math.max(0, delays.max / 1e6 - resolution);
  if (now - windowBegan > refresh) {
    lastWindow = longest;
    windowBegan = now;
    delays.reset();
  }
  return Math.round(Math.max(longest, lastWindow) * 10) / 10;
}
