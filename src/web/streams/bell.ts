import { pause } from '../../system/wait.ts';

/** Wakes one waiter. A ring that nobody waits for is kept for the next wait; any number of them count as one. */
export class Bell {
  #rung = false;
  #wake: AbortController | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.abort();
  }

  /** Resolves at the next ring, and after `ms` milliseconds at the latest. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      this.#wake = new AbortController();
      await pause(ms, this.#wake.signal);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
