/** So many calls at once, and how many more each second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** So many callers are remembered; which is forgotten begins anew. */
const memory = 10_000;

/** Bounds how often something is done, name by name (a token bucket, as in ITU-T I.371). */
export class Buckets {
  readonly #rate: Rate;
  readonly #levels = new Map<string, { left: number; at: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Seconds after which an empty one lets the next call through. */
  get pause(): number {
    return Math.ceil(1 / this.#rate.perSecond);
  }

  /** @param now milliseconds */
  isEmpty(name: string, now = performance.now()): boolean {
    return this.#left(name, now) < 1;
  }

  /**
   * @param now milliseconds
   * @returns whether this call is within the bound
   */
  take(name: string, now = performance.now()): boolean {
    const left = this.#left(name, now);
    this.#levels.delete(name);
    this.#levels.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    const [oldest] = this.#levels.keys();
    if (this.#levels.size > memory && oldest !== undefined) this.#levels.delete(oldest);
    return left >= 1;
  }

  #left(name: string, now: number): number {
    const { burst, perSecond } = this.#rate;
    const known = this.#levels.get(name);
    return known ? Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond) : burst;
  }
}
