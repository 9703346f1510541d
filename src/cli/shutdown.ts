import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../system/wait.ts';

/** What a command has started and must stop again, in the reverse order. */
export class Shutdown {
  readonly #parts: { name: string; stop: () => unknown }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param name for people, should it not stop */
  add(name: string, stop: () => unknown): void {
    this.#parts.push({ name, stop });
  }

  /** Stops everything; what fails to stop in order is logged and does not keep the rest from stopping. */
  async stop(): Promise<void> {
    for (;;) {
      const part = this.#parts.at(-1);
      if (!part) return;
      try {
        await part.stop();
      } catch (error) {
        this.#logger.warn(`${part.name} did not stop in order: ${errorText(error)}`);
      }
      this.#parts.pop();
    }
  }

  /**
   * Stops everything after an error, which is what people are to see: that something does not stop as well, as when
   * Redis is gone, is only logged.
   */
  async giveUp(): Promise<void> {
    await this.stopWithin(10).catch((error: unknown) => this.#logger.warn(errorText(error)));
  }

  /**
   * Stops everything within a bound.
   * @param seconds after which the rest is left behind
   * @throws VoltError `timed_out` naming what did not stop
   */
  async stopWithin(seconds: number): Promise<void> {
    const bound = new AbortController();
    const late = pause(seconds * 1000, bound.signal).then(() => 'late' as const);
    const outcome = await Promise.race([this.stop(), late]);
    bound.abort();
    if (outcome !== 'late') return;
    const names = this.#parts.map(({ name }) => name).reverse();
    throw new VoltError('timed_out', `did not stop within ${seconds} s: ${names.join(', ')}`, {
      remedy: 'Nothing recorded is lost: the next start takes up what was under way.',
    });
  }
}
