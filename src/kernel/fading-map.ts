/**
 * A map that forgets by itself: an entry that nobody has set or read for a while is gone, and of too many the longest
 * untouched go first. For notes of a process about work that others may finish without a message to it.
 */
export class FadingMap<K, V> {
  readonly #entries = new Map<K, { value: V; touchedAt: number }>();
  readonly #fade: number;
  readonly #most: number;

  /**
   * @param fade milliseconds after which an untouched entry is gone
   * @param most entries
   */
  constructor(fade: number, most: number) {
    this.#fade = fade;
    this.#most = most;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry && this.#isFaded(entry)) this.#entries.delete(key);
    else if (entry) this.set(key, entry.value);
    return this.#entries.get(key)?.value;
  }

  /** As `get`, which does not count as touching the entry. */
  peek(key: K): V | undefined {
    const entry = this.#entries.get(key);
    return entry && !this.#isFaded(entry) ? entry.value : undefined;
  }

  set(key: K, value: V): void {
    // the order of a Map is that of insertion, so the first one is always the longest untouched
    this.#entries.delete(key);
    this.#entries.set(key, { value, touchedAt: performance.now() });
    this.#shrink();
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** The longest untouched first. */
  values(): V[] {
    this.#shrink();
    return [...this.#entries.values()].map(({ value }) => value);
  }

  #shrink(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#most && !this.#isFaded(entry)) return;
      this.#entries.delete(key);
    }
  }

  #isFaded({ touchedAt }: { touchedAt: number }): boolean {
    return performance.now() - touchedAt > this.#fade;
  }
}
