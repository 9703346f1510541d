import type { RedisAccess } from '../redis/connect.ts';
import { listRunners } from '../redis/membership.ts';

/** Milliseconds for which one reading of the runners is used: many outcomes may wait, and each asks. */
const cacheTime = 500;

/** The attempts that live runners run, or have not reported yet. */
export class ClaimedAttempts {
  readonly #access: RedisAccess;
  #names: Promise<Set<string>> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(access: RedisAccess) {
    this.#access = access;
  }

  /** @param attempt its name */
  async has(attempt: string): Promise<boolean> {
    if (!this.#names || performance.now() - this.#readAt > cacheTime) {
      this.#readAt = performance.now();
      this.#names = this.#read();
      // the next call tries again
      this.#names.catch(() => {
        this.#names = undefined;
      });
    }
    return (await this.#names).has(attempt);
  }

  async #read(): Promise<Set<string>> {
    const { alive } = await listRunners(this.#access);
    return new Set(alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
  }
}
