/** Calls that one webhook may make at once, and how many more each second. */
const burst = 60;
const perSecond = 5;
/** So many webhooks are remembered; which is forgotten begins anew. */
const memory = 10_000;

/** Bounds how often something is called, name by name (a token bucket, as in ITU-T I.371). */
export class Buckets {
  readonly #levels = new Map<string, { left: number; at: number }>();

  /**
   * @param now milliseconds
   * @returns whether this call is within the bound
   */
  take(name: string, now = performance.now()): boolean {
    const known = this.#levels.get(name) ?? { left: burst, at: now };
    const left = Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond);
    this.#levels.delete(name);
    this.#levels.set(name, { left: left >= 1 ? left - 1 : left, at: now });
    const [oldest] = this.#levels.keys();
    if (this.#levels.size > memory && oldest !== undefined) this.#levels.delete(oldest);
    return left >= 1;
  }
}
