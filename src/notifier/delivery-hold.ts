import type { Database } from '../record/database.ts';
import { type Deliverable, hold } from '../record/holds.ts';

interface Held {
  table: Deliverable;
  name: string;
  /** id of the notifier */
  holder: string;
  /** milliseconds for which the notifier has it for itself */
  lasts: number;
  /** milliseconds before the end from which it is claimed again */
  renewedBefore: number;
}

/** Keeps a forge or a target for this notifier while it delivers, so that no other one sends there. */
export class DeliveryHold {
  readonly #database: Database;
  readonly #held: Held;
  /** by `performance.now()` */
  #until = 0;

  constructor(database: Database, held: Held) {
    this.#database = database;
    this.#held = held;
  }

  /** Has the next `keep` ask whether it is still held. */
  doubt(): void {
    this.#until = 0;
  }

  /** @returns whether this notifier may send now */
  async keep(): Promise<boolean> {
    const { table, name, holder, lasts, renewedBefore } = this.#held;
    const now = performance.now();
    if (now < this.#until - renewedBefore) return true;
    if (!(await hold(this.#database, table, name, { holder, ms: lasts }))) return false;
    this.#until = now + lasts;
    return true;
  }
}
