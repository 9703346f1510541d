/** How the fleet was at one moment; null where Redis did not tell. */
export interface FleetMoment {
  at: number;
  /** jobs in all queues that no runner has taken */
  waiting: number | null;
  busy: number | null;
  slots: number | null;
}

/** The looks of an hour. */
const most = 240;

/**
 * How many jobs waited and how many slots were busy over the last hour, as this web stage has seen it. It is for looking
 * at, so it is not kept anywhere: `/metrics` is what monitoring keeps longer.
 */
export class FleetHistory {
  readonly #moments: FleetMoment[] = [];

  /** Oldest first. */
  get moments(): readonly FleetMoment[] {
    return this.#moments;
  }

  add(moment: FleetMoment): void {
    this.#moments.push(moment);
    if (this.#moments.length > most) this.#moments.shift();
  }
}
