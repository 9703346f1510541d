import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest, Totals } from './collection.ts';

/** What a parser has found in a text; `tests` is empty where the text is not of its kind. */
export interface Findings {
  tests: FoundTest[];
  /** how many more there were that it does not name */
  unnamed?: Totals;
}

/**
 * Reads the output of one test runner line by line, with colours taken out and bounded in length; it takes time in
 * proportion to the line. Of the lines of other programs it is given only those that it may have to look at.
 */
export interface LineParser {
  /** The characters that a line which means something may begin with; a line feed stands for empty lines. */
  readonly begins: string;
  /** Every line means something now. */
  readonly inside: boolean;
  /**
   * A closer look at a line that begins so, where many lines of other programs do.
   * @param output which holds the whole line
   * @param from where the line begins in it
   * @returns false where the line means nothing
   */
  glance?(output: Buffer, from: number): boolean;
  /** @param gap whether lines were left out before this one */
  line(text: string, gap: boolean): void;
  end(): Findings;
}

/** Lines by which the log itself speaks: what a program had to say is over there. */
const ownWords = /^(?:##\[|\[volt\] )/;

/** Text of one test, which grows line by line within a bound. */
export class Excerpt {
  #text = '';
  #over = false;

  add(line: string): void {
    this.#over ||= ownWords.test(line);
    if (!this.full) this.#text += `${line}\n`;
  }

  get full(): boolean {
    return this.#over || this.#text.length >= 10_000;
  }

  get text(): string {
    return this.#text.replace(/^\n+/, '').trimEnd();
  }

  /** The first line that says something. */
  get headline(): string | null {
    return this.text.split('\n', 1)[0]?.trim() || null;
  }
}

/** Whether the text, which is of ASCII, stands there. */
export function standsAt(text: string, output: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at++) if (output[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** How many of those that a text counts it has not named. */
export function unnamedOf({ passed, failed, skipped }: Totals, tests: readonly FoundTest[]): Totals {
  const named = (...statuses: readonly TestStatus[]) => tests.filter(({ status }) => statuses.includes(status)).length;
  return {
    passed: Math.max(passed - named('passed'), 0),
    failed: Math.max(failed - named('failed', 'error'), 0),
    skipped: Math.max(skipped - named('skipped'), 0),
  };
}

/** Groups that a test is in, as one name. */
export function suiteOf(groups: readonly string[]): string {
  return groups.filter((group) => group !== '').join(' > ');
}
