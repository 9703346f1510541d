import { errorText } from '../../kernel/errors.ts';
import type { Annotation } from '../../kernel/model.ts';
import { within } from '../../system/wait.ts';
import type { FoundProblems, Searchable } from './find-problems.ts';
import type { MatcherState } from './matcher.ts';
import type { Matchers } from './matchers.ts';

/** Longer lines (characters) are no problem that a person wrote a matcher for. */
const longestLine = 4096;
/** Characters of lines that wait to be searched; what a step prints faster is not. */
const mostWaiting = 4_000_000;
/** Lines and characters that are searched at once. */
const batch = { lines: 2000, characters: 250_000 };
/** Milliseconds that the end of a step waits for the search to come to its end, too. */
const patience = 10_000;

/** Finds the problems in lines where that can be ended; fails where nothing can be searched any more. */
export type FindProblems = (search: Searchable, signal: AbortSignal) => Promise<FoundProblems>;

/** Lines that the same matchers are to be given. */
interface Section {
  matchers: readonly MatcherState[];
  lines: string[];
}

/**
 * Finds problems in what one step prints, beside everything else: output never waits for it. Lines are searched with the
 * matchers that there were when they were printed.
 */
export class ProblemSearch {
  readonly #matchers: Matchers;
  readonly #find: FindProblems;
  readonly #annotate: (problem: Annotation) => void;
  readonly #ending = new AbortController();
  readonly #sections: Section[] = [];
  #waiting = 0;
  #left = 0;
  #working: Promise<void> | undefined;
  /** how matchers go on that have begun a problem of several lines, by the state in which they were added */
  readonly #states = new Map<MatcherState, MatcherState>();
  readonly #notices = new Set<string>();

  constructor(matchers: Matchers, find: FindProblems, annotate: (problem: Annotation) => void) {
    this.#matchers = matchers;
    this.#find = find;
    this.#annotate = annotate;
  }

  get active(): boolean {
    return this.#matchers.list.length > 0;
  }

  /** @param line without its end */
  take(line: string): void {
    if (line.length > longestLine) return;
    if (this.#waiting + line.length > mostWaiting) {
      this.#left++;
      return;
    }
    this.#waiting += line.length + 1;
    const matchers = this.#matchers.list;
    const last = this.#sections.at(-1);
    if (last?.matchers === matchers) last.lines.push(line);
    else this.#sections.push({ matchers, lines: [line] });
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** @returns what is to be said about the search, in sentences */
  async end(): Promise<string[]> {
    const isDone = await within(
      (this.#working ?? Promise.resolve()).then(() => true),
      patience,
    );
    if (!isDone) {
      this.#left += this.#sections.reduce((sum, { lines }) => sum + lines.length, 0);
      this.#sections.length = 0;
      this.#ending.abort();
      this.#notices.add(`the problem matchers were not done within ${patience / 1000} s after the step`);
    }
    if (this.#left > 0) this.#notices.add(`${this.#left} lines were not searched for problems`);
    return [...this.#notices];
  }

  async #work(): Promise<void> {
    // what comes in the same moment goes together
    await Promise.resolve();
    for (let section = this.#sections[0]; section; section = this.#sections[0]) {
      const lines = takeBatch(section.lines);
      if (section.lines.length === 0) this.#sections.shift();
      this.#waiting -= lines.reduce((sum, line) => sum + line.length + 1, 0);
      try {
        await this.#search(section.matchers, lines);
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#notices.add(`problems are not searched for any more: ${errorText(error)}`);
        this.#sections.length = 0;
        this.#waiting = 0;
      }
    }
  }

  async #search(matchers: readonly MatcherState[], lines: readonly string[]): Promise<void> {
    for (let at = { line: 0, matcher: 0 }; at.line < lines.length; ) {
      const found = await this.#find(
        {
          matchers: matchers.map((matcher) => this.#states.get(matcher) ?? matcher),
          left: matchers.map(({ owner }) => this.#matchers.left(owner)),
          ...{ lines, at },
        },
        this.#ending.signal,
      );
      if (this.#ending.signal.aborted) return;
      for (const problem of found.problems) this.#annotate(problem);
      found.matchers.forEach(({ state, taken }, index) => {
        this.#states.set(matchers[index] as MatcherState, state);
        const notice = this.#matchers.worked(state.owner, taken);
        if (notice !== undefined) this.#notices.add(notice);
      });
      at = found.at;
    }
  }
}

function takeBatch(lines: string[]): string[] {
  let characters = 0;
  let count = 0;
  while (count < lines.length && count < batch.lines && characters < batch.characters) {
    characters += (lines[count] as string).length;
    count++;
  }
  return lines.splice(0, count);
}
