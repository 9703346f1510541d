import { paint } from '../terminal.ts';

/**
 * The lines of a job's log for a terminal: the heading of a step is left out, since its name is shown, and marks such
 * as `##[error]` become colours.
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
    const [, kind, text = ''] = /^##\[(\w+)\](.*)$/s.exec(line) ?? [];
    if (kind === 'group' && text.startsWith('Run ')) this.#inHeading = true;
    else if (kind === 'endgroup') this.#inHeading = false;
    else if (!this.#inHeading) this.#line(kind === undefined ? line : marked(kind, text));
  }
}

function marked(kind: string, text: string): string {
  switch (kind) {
    case 'group':
      return paint('bold', `▸ ${text}`);
    case 'error':
      return paint('red', `error: ${text}`);
    case 'warning':
      return paint('yellow', `warning: ${text}`);
    case 'notice':
      return paint('cyan', `notice: ${text}`);
    case 'debug':
      return paint('dim', `debug: ${text}`);
    default:
      return `##[${kind}]${text}`;
  }
}
