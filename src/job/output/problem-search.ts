import { errorText } from '../../kernel/errors.ts';
import type { Annotation } from '../../kernel/model.ts';
import { within } from '../../system/wait.ts';
import type { FoundProblems, Searchable } from './find-problems.ts';
import type { MatcherState } from './matcher.ts';
import type { Matchers } from './matchers.ts';

/** Longer lines (characters) are not searched; nobody writes a matcher for them. */
const longestLine = 4096;
/** Characters of lines that may wait; if a step prints faster, the rest is not searched. */
const mostWaiting = 4_000_000;
/** Lines and characters that are searched at once. */
const batch = { lines: 2000, characters: 250_000 };
/** Milliseconds that the end of a step waits for the search to finish. */
const patience = 10_000;

/** Finds problems in lines, in a process that can be killed; rejects if nothing can be searched any more. */
export type FindProblems = (search: Searchable, signal: AbortSignal) => Promise<FoundProblems>;

/** Lines for the same matchers. */
interface Section {
  matchers: readonly MatcherState[];
  lines: PrintedLine[];
}

interface PrintedLine {
  text: string;
  /** bytes of the log before it */
  start: number;
}

/**
 * Finds problems in the output of one step, which never waits for it. Lines are searched with the matchers that existed
 * when they were printed.
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
  /** the present state of each matcher, by the state in which it was added: a problem may have several lines */
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

  /**
   * @param text of a line, without its end
   * @param start bytes of the log before the line
   */
  take(text: string, start: number): void {
    if (text.length > longestLine) return;
    if (this.#waiting + text.length > mostWaiting) {
      this.#left++;
      return;
    }
    this.#waiting += text.length + 1;
    const line = { text, start };
    const matchers = this.#matchers.list;
    const last = this.#sections.at(-1);
    if (last?.matchers === matchers) last.lines.push(line);
    else this.#sections.push({ matchers, lines: [line] });
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** @returns sentences for people about the search */
  async end(): Promise<string[]> {
    const isDone = await within(
      (this.#working ?? Promise.resolve()).then(() => true),
      patience,
    );
    if (!isDone) {
      this.#left += this.#sections.reduce((sum, { lines }) => sum + lines.length, 0);
      this.#sections.length = 0;
      this.#ending.abort();
      this.#notices.add(`the problem matchers did not finish within ${patience / 1000} s after the step`);
    }
    if (this.#left > 0) this.#notices.add(`${this.#left} lines were not searched for problems`);
    return [...this.#notices];
  }

  async #work(): Promise<void> {
    // lines that come in the same moment are searched together
    await Promise.resolve();
    for (let section = this.#sections[0]; section; section = this.#sections[0]) {
      const lines = takeBatch(section.lines);
      if (section.lines.length === 0) this.#sections.shift();
      this.#waiting -= lines.reduce((sum, { text }) => sum + text.length + 1, 0);
      try {
        await this.#search(section.matchers, lines);
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#notices.add(`the search for problems stopped: ${errorText(error)}`);
        this.#sections.length = 0;
        this.#waiting = 0;
      }
    }
  }

  async #search(matchers: readonly MatcherState[], lines: readonly PrintedLine[]): Promise<void> {
    for (let at = { line: 0, matcher: 0 }; at.line < lines.length; ) {
      const found = await this.#find(
        {
          matchers: matchers.map((matcher) => this.#states.get(matcher) ?? matcher),
          left: matchers.map(({ owner }) => this.#matchers.left(owner)),
          lines: lines.map(({ text }) => text),
          starts: lines.map(({ start }) => start),
          at,
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

function takeBatch(lines: PrintedLine[]): PrintedLine[] {
  let characters = 0;
  let count = 0;
  while (count < lines.length && count < batch.lines && characters < batch.characters) {
    characters += (lines[count] as PrintedLine).text.length;
    count++;
  }
  return lines.splice(0, count);
}
