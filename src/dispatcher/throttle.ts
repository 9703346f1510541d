import { FadingMap } from '../kernel/fading-map.ts';

/** Work that takes less (ms) causes no wait. */
const free = 1000;
/** An owner without work for this long (ms) is forgotten; beyond `most` owners, the one idle for the longest. */
const memory = { fade: 600_000, most: 1000 };

/**
 * Makes an owner whose work took long wait for as long again, so that other owners get at least half of the time, however
 * much work of this one is queued.
 */
export class Throttle {
  /** until when each owner waits, by `performance.now()` */
  readonly #until = new FadingMap<string, number>(memory.fade, memory.most);

  /** @param took milliseconds */
  note(owner: string, took: number): void {
    if (took > free) this.#until.set(owner, performance.now() + took);
  }

  /** @returns milliseconds that the owner's next work must wait; 0 if it may start */
  wait(owner: string): number {
    return Math.max(0, Math.ceil((this.#until.get(owner) ?? 0) - performance.now()));
  }
}
