import { markOf, markWords, withoutMark } from '../web/text/log-line.ts';
import { paint } from './terminal.ts';

/**
 * The lines of a job's log for a terminal: marks such as `##[error]` become words with colours. The heading of a step is
 * left out, where its name is shown anyway.
 */
export class LogLines {
  readonly #line: (text: string) => void;
  #rest = '';
  #inHeading = false;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  /** Ends the last line, though its end may be missing. */
  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }

  #take(line: string): void {
    const mark = markOf(line);
    if (mark === 'group' && withoutMark(line, mark).startsWith('Run ')) this.#inHeading = true;
    else if (mark === 'endgroup') this.#inHeading = false;
    else if (!this.#inHeading) this.#show(line);
  }

  #show(line: string): void {
    const shown = withWords(line);
    if (shown !== undefined) this.#line(shown);
  }
}

const colours = { error: 'red', warning: 'yellow', notice: 'cyan', debug: 'dim', group: 'bold' } as const;

/** A line of a log with a word in place of its mark; undefined if there is nothing to show, as at the end of a group. */
export function withWords(line: string): string | undefined {
  const mark = markOf(line);
  if (mark === undefined) return line;
  if (mark === 'endgroup') return undefined;
  const word = mark === 'group' ? '▸ ' : markWords[mark];
  return paint(colours[mark], word + withoutMark(line, mark));
}
