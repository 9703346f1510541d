import type { Problems } from '../kernel/problems.ts';

/** Sends what waits for one forge or target. */
export interface Delivery {
  /** Sends what is due, until nothing is, or the signal aborts. */
  deliver(signal: AbortSignal): Promise<void>;
}

/** Runs one delivery for each forge or target, each by itself, so that one that is away delays no other. */
export class Deliveries {
  readonly #problems: Problems;
  readonly #what: string;
  readonly #make: (name: string) => Delivery;
  readonly #known = new Map<string, Delivery>();
  readonly #running = new Map<string, Promise<unknown>>();

  /** @param what is done, for problems, for example `delivering statuses to the forge` */
  constructor(problems: Problems, what: string, make: (name: string) => Delivery) {
    this.#problems = problems;
    this.#what = what;
    this.#make = make;
  }

  /** Begins the deliveries that do not run. */
  start(names: readonly string[], signal: AbortSignal): void {
    for (const name of names) {
      if (this.#running.has(name) || signal.aborted) continue;
      const delivery = this.#known.get(name) ?? this.#make(name);
      this.#known.set(name, delivery);
      const run = this.#problems
        .alone(`${this.#what} ${name}`, () => delivery.deliver(signal))
        .finally(() => this.#running.delete(name));
      this.#running.set(name, run);
    }
  }

  /** Waits until no delivery runs. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
