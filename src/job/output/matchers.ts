import { type MatcherState, parseMatchers } from './matcher.ts';

/** Milliseconds of processor time that one matcher may take for all that a job prints, and all of them together. */
const mostTime = 2000;
const mostTimeTogether = 20_000;
const mostMatchers = 100;

/** The problem matchers of a job, the newest first. Those that take too long are removed. */
export class Matchers {
  #list: readonly MatcherState[] = [];
  /** milliseconds that the matchers of an owner have taken; adding them again does not reset it */
  readonly #taken = new Map<string, number>();
  #takenTogether = 0;

  /** The matchers. Each change makes a new list. */
  get list(): readonly MatcherState[] {
    return this.#list;
  }

  /**
   * Adds the matchers of a file; a matcher replaces one with the same owner.
   * @throws Error if the text is not such a file
   */
  add(text: string): void {
    const added = parseMatchers(text);
    const owners = new Set(added.map(({ owner }) => owner));
    this.#list = [...added, ...this.#list.filter(({ owner }) => !owners.has(owner))].slice(0, mostMatchers);
  }

  remove(owner: string): void {
    this.#list = this.#list.filter((matcher) => matcher.owner !== owner);
  }

  /** Milliseconds that the matchers of an owner have left. */
  left(owner: string): number {
    return Math.min(mostTime - (this.#taken.get(owner) ?? 0), mostTimeTogether - this.#takenTogether);
  }

  /**
   * Notes the milliseconds that the matcher of an owner took.
   * @returns a sentence for people if the matcher is removed
   */
  worked(owner: string, taken: number): string | undefined {
    this.#taken.set(owner, (this.#taken.get(owner) ?? 0) + taken);
    this.#takenTogether += taken;
    if (this.left(owner) > 0) return undefined;
    this.remove(owner);
    return `the problem matcher "${owner}" was removed: the matchers of a job may take ${mostTime / 1000} s of processor time each, and ${mostTimeTogether / 1000} s together`;
  }
}
