/**
 * What a terminal would show of a job's output, for pages and for the browser's scripts: lines of text in styles. It
 * knows colours and weights (SGR, ECMA-48 section 8.3.117) and a carriage return that begins a line anew, as progress
 * bars do; everything else that steers a terminal is left out. It only cuts text up; nothing here makes markup of it.
 */

/** Text in one style. `style` is a list of class names, empty for plain text. */
export interface Span {
  text: string;
  style: string;
}
export type Line = Span[];

/** A longer line is cut into several, so that output without line ends stays bounded. */
const longestLine = 10_000;
/** An escape sequence that is still not complete after this many characters is none. */
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

  /** The line that is not yet ended. */
  get current(): Line {
    return this.#line;
  }

  /** Takes text in and gives back the lines that it has ended. */
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
        this.#obey(input.slice(at, end));
        at = end;
      } else if (code === LF) {
        done.push(this.#endLine());
        at += 1;
      } else if (isShown(code)) {
        const end = endOfText(input, at);
        this.#put(input.slice(at, end), done);
        at = end;
      } else {
        if (code === CR) this.#returned = true;
        at += 1;
      }
    }
    return done;
  }

  /** Waits for the rest of a sequence that the text has cut. */
  #hold(rest: string): void {
    if (rest.length <= longestSequence) this.#held = rest;
  }

  #endLine(): Line {
    const line = this.#line;
    this.#line = [];
    this.#length = 0;
    this.#returned = false;
    return line;
  }

  #put(text: string, done: Line[]): void {
    if (this.#returned) this.#endLine();
    let rest = text;
    while (this.#length + rest.length > longestLine) {
      const fits = longestLine - this.#length;
      this.#append(rest.slice(0, fits));
      rest = rest.slice(fits);
      done.push(this.#endLine());
    }
    this.#append(rest);
  }

  #append(text: string): void {
    if (text === '') return;
    const style = this.#style.classes;
    const last = this.#line.at(-1);
    if (last?.style === style) last.text += text;
    else this.#line.push({ text, style });
    this.#length += text.length;
  }

  #obey(sequence: string): void {
    if (!sequence.endsWith('m') || sequence[1] !== '[') return;
    const parameters = sequence.slice(2, -1);
    if (/^[\d;:]*$/.test(parameters)) this.#style.apply(codesIn(parameters));
  }
}

/** Cuts a whole text into lines. */
export function linesOf(text: string): Line[] {
  const terminal = new Terminal();
  const lines = terminal.write(text);
  if (terminal.current.length > 0) lines.push(terminal.current);
  return lines;
}

function isShown(code: number): boolean {
  return code === TAB || (code >= 0x20 && code !== DEL && !(code >= 0x80 && code <= 0x9f));
}

function endOfText(input: string, from: number): number {
  let end = from;
  while (end < input.length && isShown(input.charCodeAt(end))) end += 1;
  return end;
}

/** Position after the escape sequence that begins at `from`; undefined where its end is still to come. */
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
      if (input.charCodeAt(end) === ESC) return end + 1 < input.length ? end + 2 : undefined;
      if (end - from > longestSequence) return from + 1;
    }
    return undefined;
  }
  // a character set: one more character
  if ('()*+#% '.includes(kind)) return from + 2 < input.length ? from + 3 : undefined;
  return isShown(kind.charCodeAt(0)) ? from + 2 : from + 1;
}

/** May end a control sequence. */
function isLetter(code: number): boolean {
  return code >= 0x40 && code <= 0x7e;
}

/** The codes of a sequence. Colons, as in `4:3` and `38:2::255:0:0`, hold together what belongs to one of them. */
function codesIn(parameters: string): number[] {
  if (!parameters.includes(':')) return parameters.split(';').map(Number);
  return parameters.split(';').flatMap((parameter) => {
    const [code = 0, form = 0, ...rest] = parameter.split(':').map(Number);
    if (!parameter.includes(':')) return [code];
    if (code === 38 || code === 48) return [code, form, ...(form === 2 ? rest.slice(-3) : rest)];
    return form === 0 ? [24] : [code];
  });
}

/** The style that is in force, as select-graphic-rendition sequences have left it. */
class Style {
  /** one bit for each entry of `weights` */
  #on = 0;
  #front = '';
  #back = '';
  classes = '';

  apply(codes: readonly number[]): void {
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? 0;
      if (code === 38 || code === 48) {
        const [colour, used] = extendedColour(codes.slice(i + 1));
        this.#colour(code === 38 ? 'f' : 'b', colour);
        i += used;
      } else this.#single(code);
    }
    this.classes = '';
    weights.forEach(({ name }, bit) => {
      if (this.#on & (1 << bit)) this.#add(name);
    });
    this.#add(this.#front);
    this.#add(this.#back);
  }

  #add(name: string): void {
    if (name !== '') this.classes += this.classes === '' ? name : ` ${name}`;
  }

  #single(code: number): void {
    if (code === 0) {
      this.#on = 0;
      this.#front = '';
      this.#back = '';
    } else if (code === 39) this.#front = '';
    else if (code === 49) this.#back = '';
    else if (code >= 30 && code <= 37) this.#colour('f', code - 30);
    else if (code >= 40 && code <= 47) this.#colour('b', code - 40);
    else if (code >= 90 && code <= 97) this.#colour('f', code - 90 + 8);
    else if (code >= 100 && code <= 107) this.#colour('b', code - 100 + 8);
    else {
      weights.forEach(({ on, off }, bit) => {
        if (code === on) this.#on |= 1 << bit;
        if (code === off) this.#on &= ~(1 << bit);
      });
    }
  }

  #colour(ground: 'f' | 'b', colour: number | undefined): void {
    if (colour === undefined) return;
    if (ground === 'f') this.#front = `f${colour}`;
    else this.#back = `b${colour}`;
  }
}

/** Codes that begin and end a weight. */
const weights = [
  { name: 'bold', on: 1, off: 22 },
  { name: 'dim', on: 2, off: 22 },
  { name: 'italic', on: 3, off: 23 },
  { name: 'under', on: 4, off: 24 },
  { name: 'inverse', on: 7, off: 27 },
  { name: 'struck', on: 9, off: 29 },
] as const;

/**
 * The colour that follows 38 or 48, as one of the sixteen that the pages' styles keep readable on light and on dark.
 * @returns the colour and how many codes it has taken
 */
function extendedColour(codes: readonly number[]): [number | undefined, number] {
  const [form, a = 0, b = 0, c = 0] = codes;
  if (form === 2) return [nearest(a, b, c), 4];
  if (form !== 5) return [undefined, codes.length];
  if (a < 16) return [a, 2];
  if (a > 231) return [nearest(...grey(a)), 2];
  const level = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
  return [nearest(level(Math.floor((a - 16) / 36)), level(Math.floor((a - 16) / 6) % 6), level((a - 16) % 6)), 2];
}

function grey(code: number): [number, number, number] {
  const level = 8 + 10 * (code - 232);
  return [level, level, level];
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most - Math.min(red, green, blue) < 32) return most < 48 ? 0 : most < 144 ? 8 : most < 208 ? 7 : 15;
  const hue = (red > most * 0.6 ? 1 : 0) + (green > most * 0.6 ? 2 : 0) + (blue > most * 0.6 ? 4 : 0);
  return most > 208 ? hue + 8 : hue;
}
