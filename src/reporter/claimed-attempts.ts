import type { RedisAccess } from '../redis/connect.ts';
import { listRunners } from '../redis/membership.ts';

/** What was seen of the runners is believed for so long (ms): many outcomes may wait, and each asks. */
const believed = 500;

/** Which attempts a living runner claims, be it that it runs them or that it has still to report them. */
export class ClaimedAttempts {
  readonly #access: RedisAccess;
  #seen: Promise<Set<string>> | undefined;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(access: RedisAccess) {
    this.#access = access;
  }

  /** @param attempt its name */
  async has(attempt: string): Promise<boolean> {
    if (!this.#seen || performance.now() - this.#seenAt > believed) {
      this.#seenAt = performance.now();
      this.#seen = this.#look();
      // one that failed tells nobody anything later
      this.#seen.catch(() => {
        this.#seen = undefined;
      });
    }
    return (await this.#seen).has(attempt);
  }

  async #look(): Promise<Set<string>> {
    const { alive } = await listRunners(this.#access);
    return new Set(alive.flatMap(({ running, reporting }) => [...running, ...reporting]));
  }
}
