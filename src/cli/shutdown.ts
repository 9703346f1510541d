import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { pause } from '../system/wait.ts';

/** The parts that a command has started. They stop in reverse order. */
export class Shutdown {
  readonly #parts: { name: string; stop: () => unknown }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param name for messages to people if the part does not stop */
  add(name: string, stop: () => unknown): void {
    this.#parts.push({ name, stop });
  }

  /** Stops all parts. If one fails to stop, that is logged and the others still stop. */
  async stop(): Promise<void> {
    for (;;) {
      const part = this.#parts.at(-1);
      if (!part) return;
      try {
        await part.stop();
      } catch (error) {
        this.#logger.warn(`${part.name} did not stop cleanly: ${errorText(error)}`);
      }
      this.#parts.pop();
    }
  }

  /**
   * Stops all parts after an error. A part that does not stop, for example because Redis is gone, is only logged, so
   * that people see the error itself.
   */
  async giveUp(): Promise<void> {
    await this.stopWithin(10).catch((error: unknown) => this.#logger.warn(errorText(error)));
  }

  /**
   * Stops all parts within a time.
   * @param seconds time after which the remaining parts are left running
   * @throws VoltError `timed_out`, which names the parts that did not stop
   */
  async stopWithin(seconds: number): Promise<void> {
    const bound = new AbortController();
    const late = pause(seconds * 1000, bound.signal).then(() => 'late' as const);
    const outcome = await Promise.race([this.stop(), late]);
    bound.abort();
    if (outcome !== 'late') return;
    const names = this.#parts.map(({ name }) => name).reverse();
    throw new VoltError('timed_out', `did not stop within ${seconds} s: ${names.join(', ')}`, {
      remedy: 'No data is lost: the next start continues the open work.',
    });
  }
}
