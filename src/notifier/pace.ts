/** How many statuses a forge accepts in a time. */
export interface Limit {
  count: number;
  /** milliseconds */
  within: number;
}

/**
 * GitHub's limits of requests that make content, https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api:
 * 80 a minute and 500 an hour, for each user of a token. Some room is left for what the token does elsewhere.
 */
export const githubLimits: readonly Limit[] = [
  { count: 75, within: 60_000 },
  { count: 480, within: 3_600_000 },
];

/** The share of a limit from which on only final statuses are sent. */
const scarce = 0.8;

/** Keeps the number of statuses within the limits of a forge. */
export class Pace {
  readonly #limits: readonly Limit[];
  /** when statuses were sent, the earliest first; none older than the longest limit */
  #sent: number[];

  /** @param sent times of earlier statuses (ms since 1970), the earliest first */
  constructor(limits: readonly Limit[], sent: readonly number[] = []) {
    this.#limits = limits;
    this.#sent = [...sent];
  }

  note(now: number): void {
    const longest = Math.max(0, ...this.#limits.map(({ within }) => within));
    this.#sent = [...this.#sent.filter((at) => at > now - longest), now];
  }

  /** Milliseconds until the next status may be sent; 0 for now. */
  wait(now: number): number {
    const waits = this.#limits.map(({ count, within }) => {
      const recent = this.#sent.filter((at) => at > now - within && at <= now);
      const first = recent.at(-count);
      return recent.length < count || first === undefined ? 0 : first + within - now;
    });
    return Math.max(0, ...waits);
  }

  /** Whether what is left should be kept for final statuses. */
  isScarce(now: number): boolean {
    return this.#limits.some(
      ({ count, within }) => this.#sent.filter((at) => at > now - within && at <= now).length >= count * scarce,
    );
  }
}
