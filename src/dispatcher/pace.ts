import { FadingMap } from '../kernel/fading-map.ts';

/** Milliseconds of work at a time that are nobody else's business. */
const free = 1000;
/** Who has had no work done for this long (ms) is forgotten; so is the longest idle of very many. */
const memory = { fade: 600_000, most: 1000 };

/**
 * Lets those whose work takes long wait until as much time has passed again, so that others have at least half of it, however
 * much of theirs waits in front.
 */
export class Pace {
  /** until when each waits, by `performance.now()` */
  readonly #until = new FadingMap<string, number>(memory.fade, memory.most);

  /** @param took milliseconds */
  note(owner: string, took: number): void {
    if (took > free) this.#until.set(owner, performance.now() + took);
  }

  /** @returns milliseconds that its next piece of work is to wait; 0 where it may begin */
  wait(owner: string): number {
    return Math.max(0, Math.ceil((this.#until.get(owner) ?? 0) - performance.now()));
  }
}
