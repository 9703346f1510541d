import type { Write } from '../record/database.ts';
import { forgetTurns, type LabelSet, type LabelSetOf, setTime, setTurns, type Turns } from '../record/virtual-time.ts';

/**
 * Where the label sets stand, and how far one repository has planned ahead in them; it gives out the repository's next
 * turns.
 *
 * The times of label sets that have runners of their own say nothing about each other, so what a repository has planned
 * ahead is counted in turns from the time of each set. It counts in all sets that share a runner, so that a runner takes
 * from all of its queues by one order, in which a repository has one share. In other sets it does not count: thousands of
 * jobs that wait for a label without runners keep none of their repository's other jobs from running.
 *
 * A set that nobody waits for has no past. It begins where those are that a runner has to choose between it and them; where
 * there are none, at the highest time of all, so that no set is left far behind.
 */
export class TurnBook {
  /** what is recorded, by the labels in JSON, as what follows */
  readonly #recorded: ReadonlyMap<string, LabelSetOf>;
  readonly #sets: Map<string, LabelSet>;
  readonly #turns: Map<string, Turns>;
  readonly #fleet: readonly (readonly string[])[];
  readonly #origin: number;
  readonly #servers = new Map<string, Set<number>>();
  readonly #begun = new Set<string>();
  readonly #taken = new Set<string>();

  /**
   * @param sets as the repository sees them
   * @param fleet the labels that each runner offers
   * @param origin the start tag from which priorities are counted, below which all are equal
   */
  constructor(sets: readonly LabelSetOf[], fleet: readonly (readonly string[])[], origin: number) {
    this.#recorded = new Map(sets.map((set) => [JSON.stringify(set.labels), set]));
    this.#sets = new Map(this.#recorded);
    this.#turns = new Map([...this.#recorded].flatMap(([key, { turns }]) => (turns === null ? [] : [[key, turns]])));
    this.#fleet = [...new Map(fleet.map((labels) => [labels.join(), labels])).values()];
    this.#origin = origin;
  }

  /**
   * The start tag of the repository's next job with these labels.
   * @param goesOn whether its build goes on with it. Such a job comes beside what its repository has waiting, not behind all
   * of it, so that builds are over one after the other; the turn is taken off those to come.
   */
  take(labels: readonly string[], goesOn: boolean): number {
    const key = JSON.stringify(labels);
    if ((this.#sets.get(key)?.next ?? null) === null) this.#begin(key, [...labels]);
    const time = this.#timeOf(key);
    const tag = time + this.#ahead(key, goesOn ? 'beside' : 'finish');
    const own = this.#turns.get(key) ?? { finish: time, beside: time };
    this.#turns.set(
      key,
      goesOn ? { finish: Math.max(own.finish, time) + 1, beside: tag + 1 } : { ...own, finish: tag + 1 },
    );
    this.#taken.add(key);
    return tag;
  }

  /** Writes down what was taken, where that is not recorded already: one job after the other takes the same turn. */
  async write(db: Write, repo: string): Promise<void> {
    for (const key of this.#begun) {
      const { labels, time } = this.#sets.get(key) as LabelSet;
      const recorded = this.#recorded.get(key);
      // the repository's own are written below
      if (recorded?.hasOthers) await forgetTurns(db, labels);
      if (recorded?.time !== time) await setTime(db, labels, time);
    }
    for (const key of this.#taken) {
      const { labels } = this.#sets.get(key) as LabelSet;
      const turns = this.#turns.get(key) as Turns;
      const recorded = this.#recorded.get(key);
      const isForgotten = this.#begun.has(key) && recorded?.hasOthers;
      const { finish, beside } = (!isForgotten && recorded?.turns) || {};
      if (finish !== turns.finish || beside !== turns.beside) await setTurns(db, repo, labels, turns);
    }
  }

  #begin(key: string, labels: string[]): void {
    const rivals = [...this.#sets].filter(([other, { next }]) => next !== null && this.#sharesRunner(key, other));
    const times = rivals.length > 0 ? rivals.map(([other]) => this.#timeOf(other)) : this.#allTimes();
    const time = times.reduce((highest, each) => Math.max(highest, each), this.#origin);
    this.#sets.set(key, { labels, time, next: time });
    this.#turns.delete(key);
    this.#begun.add(key);
  }

  #allTimes(): number[] {
    return [...this.#sets.values()].map(({ time }) => time);
  }

  /** What has been cancelled is never started, so the next one may be beyond what was. */
  #timeOf(key: string): number {
    const { time, next } = this.#sets.get(key) as LabelSet;
    return Math.max(time, next ?? 0, this.#origin);
  }

  /** How many turns the repository has taken that are still to come. */
  #ahead(key: string, kind: keyof Turns): number {
    let most = 0;
    for (const [other, turns] of this.#turns) {
      const set = this.#sets.get(other);
      if (set === undefined || set.next === null || !this.#sharesRunner(key, other)) continue;
      most = Math.max(most, turns[kind] - this.#timeOf(other));
    }
    return most;
  }

  #sharesRunner(one: string, other: string): boolean {
    if (one === other || this.#fleet.length === 0) return true;
    const servers = this.#serversOf(other);
    return [...this.#serversOf(one)].some((server) => servers.has(server));
  }

  #serversOf(key: string): Set<number> {
    let servers = this.#servers.get(key);
    if (servers === undefined) {
      const labels = JSON.parse(key) as string[];
      const serving = this.#fleet.flatMap((offered, index) =>
        labels.every((label) => offered.includes(label)) ? [index] : [],
      );
      servers = new Set(serving);
      this.#servers.set(key, servers);
    }
    return servers;
  }
}
