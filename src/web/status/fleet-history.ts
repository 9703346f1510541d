/** Numbers of the runners and queues at one moment; null if Redis did not answer. */
export interface FleetMoment {
  at: number;
  /** jobs in all queues that no runner has begun */
  waiting: number | null;
  busy: number | null;
  slots: number | null;
}

/** The moments of an hour. */
const most = 240;

/**
 * The waiting jobs and busy slots of the last hour, as this web stage measured them, for a chart. It is in memory only;
 * monitoring can record `/metrics` for longer.
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
