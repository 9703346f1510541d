/** A place in which a body is read. */
export interface BodySlot {
  /** aborted when the place is given to another */
  lost: AbortSignal;
  leave(): void;
}

interface Taken {
  sender: string;
  lost: AbortController;
}

/**
 * Places for bodies that are read at once. One sender has no more than its share. Where all are taken, whoever has had one
 * the longest gives it up: a body that is sent at a usual pace is through by then, and who sends slowly holds up nobody.
 */
export class BodySlots {
  readonly #all: number;
  readonly #share: number;
  /** in the order in which they were taken */
  readonly #taken = new Set<Taken>();

  constructor({ all, share }: { all: number; share: number }) {
    this.#all = all;
    this.#share = share;
  }

  /** @returns undefined where the sender has its share already */
  take(sender: string): BodySlot | undefined {
    if ([...this.#taken].filter((one) => one.sender === sender).length >= this.#share) return undefined;
    const [oldest] = this.#taken;
    if (this.#taken.size >= this.#all && oldest) {
      this.#taken.delete(oldest);
      oldest.lost.abort();
    }
    const taken = { sender, lost: new AbortController() };
    this.#taken.add(taken);
    return { lost: taken.lost.signal, leave: () => void this.#taken.delete(taken) };
  }
}
