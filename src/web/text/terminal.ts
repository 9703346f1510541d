/**
 * Turns a job's output into the lines that a terminal would show, as text with styles, for pages and the browser's scripts.
 * It understands colours and weights (SGR, ECMA-48 section 8.3.117), links (OSC 8), and a carriage return, with which
 * progress bars replace their line. It drops all other control sequences. It makes no HTML.
 */

import { codesIn, type Look, Style } from './terminal-style.ts';

/** Text in one style. */
export interface Span extends Look {
  text: string;
  /** the http or https address that the text links to, as the output says (OSC 8) */
  href?: string;
}
export type Line = Span[];

/** The most characters of a line that are shown: output without line ends must not grow without limit. */
export const longestLine = 10_000;
const cutMark = ' …';

/** Text as long as what is shown of a line. */
export function cutText(text: string): string {
  return text.length > longestLine ? text.slice(0, longestLine) + cutMark : text;
}

/** A longer escape sequence counts as plain text. */
const longestSequence = 2048;

const ESC = 0x1b;
const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const DEL = 0x7f;

export class Terminal {
  #line: Line = [];
  #length = 0;
  #returned = false;
  #held = '';
  #style = new Style();
  #href: string | undefined;

  /** The incomplete line. */
  get current(): Line {
    return this.#line;
  }

  /** @returns the lines that `text` completes, one for each line feed in it */
  write(text: string): Line[] {
    const done: Line[] = [];
    const input = this.#held + text;
    this.#held = '';
    let at = 0;
    while (at < input.length) {
      const code = input.charCodeAt(at);
      if (code === ESC) {
        const end = endOfSequence(input, at);
        if (end === undefined) {
          this.#hold(input.slice(at));
          break;
        }
        this.#apply(input.slice(at, end));
        at = end;
      } else if (code === LF) {
        done.push(this.#endLine());
        at += 1;
      } else if (isShown(code)) {
        const end = endOfText(input, at);
        this.#put(input.slice(at, end));
        at = end;
      } else {
        if (code === CR) this.#returned = true;
        at += 1;
      }
    }
    return done;
  }

  /** Keeps the beginning of a sequence until its rest arrives. */
  #hold(rest: string): void {
    if (rest.length <= longestSequence) this.#held = rest;
  }

  #endLine(): Line {
    const line = this.#clearLine();
    // a link that the output never ends must not take in the rest of the log
    this.#href = undefined;
    return line;
  }

  #clearLine(): Line {
    const line = this.#line;
    this.#line = [];
    this.#length = 0;
    this.#returned = false;
    return line;
  }

  #put(text: string): void {
    if (this.#returned) this.#clearLine();
    const room = longestLine - this.#length;
    if (room < 0) return;
    this.#append(text.length > room ? text.slice(0, room) + cutMark : text);
  }

  #append(text: string): void {
    if (text === '') return;
    const { look } = this.#style;
    const last = this.#line.at(-1);
    if (last && isSame(last, look) && last.href === this.#href) last.text += text;
    else this.#line.push({ text, ...look, ...(this.#href !== undefined && { href: this.#href }) });
    this.#length += text.length;
  }

  #apply(sequence: string): void {
    const [, target] = link.exec(sequence) ?? [];
    if (target !== undefined) this.#href = webAddress(target);
    if (!sequence.endsWith('m') || sequence[1] !== '[') return;
    const parameters = sequence.slice(2, -1);
    if (/^[\d;:]*$/.test(parameters)) this.#style.apply(codesIn(parameters));
  }
}

/** A link begins with its parameters and its address, and ends with an empty address. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence has control characters
const link = /^\u001b\]8;[^;]*;([^\u0007\u001b]*)(?:\u0007|\u001b\\)$/;

/** The address, if it is one of the web: a link must not run a script, or open a file of its reader. */
function webAddress(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href;
}

function isSame(a: Look, b: Look): boolean {
  return a.style === b.style && a.front === b.front && a.back === b.back;
}

function isShown(code: number): boolean {
  return code === TAB || (code >= 0x20 && code !== DEL && !(code >= 0x80 && code <= 0x9f));
}

function endOfText(input: string, from: number): number {
  let end = from;
  while (end < input.length && isShown(input.charCodeAt(end))) end += 1;
  return end;
}

/** Position after the escape sequence that begins at `from`; undefined if its end has not arrived. */
function endOfSequence(input: string, from: number): number | undefined {
  const kind = input[from + 1];
  if (kind === undefined) return undefined;
  // control sequences: parameters, intermediates, one final character
  if (kind === '[') {
    let end = from + 2;
    while (end < input.length && input.charCodeAt(end) >= 0x20 && input.charCodeAt(end) <= 0x3f) end += 1;
    if (end === input.length) return undefined;
    return isLetter(input.charCodeAt(end)) ? end + 1 : end;
  }
  // strings such as titles and links, up to BEL or ESC \
  if (']PX^_'.includes(kind)) {
    for (let end = from + 2; end < input.length; end++) {
      if (input.charCodeAt(end) === 0x07) return end + 1;
      // a sequence without an end must not swallow the next lines
      if (input.charCodeAt(end) === LF) return end;
      if (input.charCodeAt(end) === ESC) return end + 1 < input.length ? end + 2 : undefined;
      if (end - from > longestSequence) return from + 1;
    }
    return undefined;
  }
  // a character set: one more character
  if ('()*+#% '.includes(kind)) {
    if (from + 2 === input.length) return undefined;
    return input.charCodeAt(from + 2) === LF ? from + 2 : from + 3;
  }
  return isShown(kind.charCodeAt(0)) ? from + 2 : from + 1;
}

/** May end a control sequence. */
function isLetter(code: number): boolean {
  return code >= 0x40 && code <= 0x7e;
}
