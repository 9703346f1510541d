import { paint } from '../terminal.ts';

/**
 * A job's log as lines for a terminal: the heading of a step, which its name says already, is left out, and marks such
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

  /** Nothing follows for now; a line without an end is one. */
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
