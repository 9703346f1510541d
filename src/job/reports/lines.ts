import type { TestStatus } from '../../kernel/model.ts';
import type { FoundTest, Totals } from './collection.ts';

/** A test runner that has told how many tests there were. */
export interface Runner {
  name: string;
  /** whether it said that it fails because it found no test */
  refuses?: boolean;
}

/** What a parser has found in a text; `tests` is empty if the text is not of its kind. */
export interface Findings {
  tests: FoundTest[];
  /** totals of further tests that the text does not name */
  unnamed?: Totals;
  /** given if the text tells a number of tests, even if that is zero */
  runner?: Runner;
  /** the name of a runner that began and told no number, or not of all its programs, as where a test ends the process */
  unfinished?: string;
}

/**
 * Parses the output of one test runner line by line. Lines have no colours and a limited length; each takes time in
 * proportion to its length. The parser gets only those lines of other programs that may matter to it.
 */
export interface LineParser {
  /** The texts with which lines that matter begin, or their characters; a line feed means empty lines. */
  readonly begins: Iterable<string>;
  /** The texts that follow the first number of lines that matter; such lines begin with the number, or with spaces before it. */
  readonly afterNumber?: readonly string[];
  /** Whether every line matters now. */
  readonly inside: boolean;
  /** Whether the next lines were printed by a test of this runner, so that no other parser reads them. */
  readonly owns?: boolean;
  /**
   * Checks a line that begins with one of these texts more closely, if many lines of other programs do.
   * @param output contains the whole line
   * @param from where the line begins in it
   * @returns false if the line does not matter
   */
  glance?(output: Buffer, from: number): boolean;
  /** @param gap whether lines before this one were left out */
  line(text: string, gap: boolean): void;
  end(): Findings;
}

/** Lines of the log itself: the output of a program ends there. */
const ownWords = /^(?:##\[|\[volt\] )/;

/** Text about one test, which grows line by line up to a limit. */
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

  /** The first line that is not empty. */
  get headline(): string | null {
    return this.text.split('\n', 1)[0]?.trim() || null;
  }
}

/** Whether the output has that text at that position, whose characters stand for one byte each. */
export function hasTextAt(text: string, output: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at++) if (output[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** What a panic in Rust says. The line "thread 'a' panicked at src/lib.rs:5:9:" comes first; before Rust 1.73 it has the message. */
export function panicMessage(text: string): string | undefined {
  const lines = text.split('\n');
  const panic = lines.findIndex((line) => / panicked at /.test(line));
  return (lines[panic]?.endsWith(':') ? lines[panic + 1] : lines[panic])?.trim();
}

/** The totals of a text minus the tests that it names. */
export function unnamedOf({ passed, failed, skipped }: Totals, tests: readonly FoundTest[]): Totals {
  const named = (...statuses: readonly TestStatus[]) => tests.filter(({ status }) => statuses.includes(status)).length;
  return {
    passed: Math.max(passed - named('passed'), 0),
    failed: Math.max(failed - named('failed', 'error'), 0),
    skipped: Math.max(skipped - named('skipped'), 0),
  };
}

/** The groups around a test, as one name. */
export function suiteOf(groups: readonly string[]): string {
  return groups.filter((group) => group !== '').join(' > ');
}
