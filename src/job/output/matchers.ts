import { type MatcherState, parseMatchers } from './matcher.ts';

/** Processor time in milliseconds that one matcher may take over all that a job prints, and all of them together. */
const mostTime = 2000;
const mostTimeTogether = 20_000;
const mostMatchers = 100;

/** The problem matchers of a job, the newest first; those that take too long are removed. */
export class Matchers {
  #list: readonly MatcherState[] = [];
  /** milliseconds that those of an owner have taken; whoever is added again has no new time */
  readonly #taken = new Map<string, number>();
  #takenTogether = 0;

  /** A list of its own after each change. */
  get list(): readonly MatcherState[] {
    return this.#list;
  }

  /**
   * Adds the matchers of a file; one of an owner that is known takes the place of that.
   * @throws Error where the text is no such file
   */
  add(text: string): void {
    const added = parseMatchers(text);
    const owners = new Set(added.map(({ owner }) => owner));
    this.#list = [...added, ...this.#list.filter(({ owner }) => !owners.has(owner))].slice(0, mostMatchers);
  }

  remove(owner: string): void {
    this.#list = this.#list.filter((matcher) => matcher.owner !== owner);
  }

  /** Milliseconds that the matchers of an owner may still take. */
  left(owner: string): number {
    return Math.min(mostTime - (this.#taken.get(owner) ?? 0), mostTimeTogether - this.#takenTogether);
  }

  /**
   * Notes that the matcher of an owner has been at work, for so many milliseconds.
   * @returns what is to be said, where it is removed
   */
  worked(owner: string, taken: number): string | undefined {
    this.#taken.set(owner, (this.#taken.get(owner) ?? 0) + taken);
    this.#takenTogether += taken;
    if (this.left(owner) > 0) return undefined;
    this.remove(owner);
    return `the problem matcher "${owner}" was removed: those of a job may take ${mostTime / 1000} s of processor time each, and ${mostTimeTogether / 1000} s together`;
  }
}
