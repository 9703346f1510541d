/** The right to have a body read. */
export interface BodySlot {
  /** aborted when another body takes the slot */
  lost: AbortSignal;
  release(): void;
}

interface Taken {
  sender: string;
  lost: AbortController;
}

/**
 * Limits how many bodies are read at once. One sender has at most its share. When all slots are taken, the oldest one goes
 * to the new body: a body at the usual speed is complete by then, and a slow sender holds up nobody.
 */
export class BodySlots {
  readonly #all: number;
  readonly #share: number;
  /** oldest first */
  readonly #taken = new Set<Taken>();

  constructor({ all, share }: { all: number; share: number }) {
    this.#all = all;
    this.#share = share;
  }

  /** @returns undefined if the sender already has its share */
  take(sender: string): BodySlot | undefined {
    if ([...this.#taken].filter((one) => one.sender === sender).length >= this.#share) return undefined;
    const [oldest] = this.#taken;
    if (this.#taken.size >= this.#all && oldest) {
      this.#taken.delete(oldest);
      oldest.lost.abort();
    }
    const taken = { sender, lost: new AbortController() };
    this.#taken.add(taken);
    return { lost: taken.lost.signal, release: () => void this.#taken.delete(taken) };
  }
}
