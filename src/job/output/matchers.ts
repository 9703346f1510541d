import type { Annotation } from '../../kernel/model.ts';
import { Matcher } from './matcher.ts';
import { withinTime } from './time-bound.ts';

/** Milliseconds that the matchers may take over one batch of lines. */
const patience = 20;
/** Longer lines (characters) are no problem that a person wrote a matcher for. */
const longestLine = 4096;
const mostMatchers = 100;

/** The problem matchers of a job, the newest first. One that takes too long is removed. */
export class Matchers {
  #list: Matcher[] = [];
  /** the one that is at work */
  #current: Matcher | undefined;

  get active(): boolean {
    return this.#list.length > 0;
  }

  /**
   * Adds the matchers of a file; one of an owner that is known takes the place of that.
   * @throws Error where the text is no such file
   */
  add(text: string): void {
    const added = Matcher.parse(text);
    const owners = new Set(added.map(({ owner }) => owner));
    this.#list = [...added, ...this.#list.filter(({ owner }) => !owners.has(owner))].slice(0, mostMatchers);
  }

  remove(owner: string): void {
    this.#list = this.#list.filter((matcher) => matcher.owner !== owner);
  }

  /**
   * The problems in some lines.
   * @returns with the owners of matchers that took too long over a line, twice, and were removed
   */
  find(lines: readonly string[]): { problems: Annotation[]; removed: string[] } {
    const found = { problems: [] as Annotation[], removed: [] as string[] };
    let next = 0;
    let slow: { line: number; matcher: Matcher | undefined } | undefined;
    const work = () => {
      for (; next < lines.length; next++) this.#matchLine(lines[next] as string, found.problems);
      return true;
    };
    // a machine that is busy with other things may stop anybody for a moment, so once is not enough
    while (!withinTime(patience, work)) {
      if (slow?.line === next && slow.matcher === this.#current) {
        found.removed.push(slow.matcher?.owner ?? '');
        this.remove(slow.matcher?.owner ?? '');
      }
      slow = { line: next, matcher: this.#current };
    }
    return found;
  }

  #matchLine(line: string, problems: Annotation[]): void {
    if (line.length > longestLine) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
    const text = line.replace(/\u001b\[[0-9;]*m?/g, '').replace(/\r$/, '');
    for (const matcher of this.#list) {
      this.#current = matcher;
      const problem = matcher.match(text);
      if (!problem) continue;
      problems.push(problem);
      for (const other of this.#list) if (other !== matcher) other.reset();
      return;
    }
  }
}
