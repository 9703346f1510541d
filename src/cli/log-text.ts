import { withWords } from './log-lines.ts';

const newline = 10;
const markStart = Buffer.from('##[');
/** Bytes of a line up to which it is held back because it may be marked; nobody writes a longer message. */
const longestMarked = 65_536;

/**
 * Passes on the pieces of a log with words in place of marks such as `##[error]`. Everything else passes byte for byte, and
 * at once, even if its line is not complete.
 */
export class LogText {
  /** the beginning of a line that may be marked */
  #held: Buffer = Buffer.alloc(0);
  #atLineStart = true;

  push(piece: Uint8Array): Buffer {
    const bytes = Buffer.concat([this.#held, piece]);
    this.#held = Buffer.alloc(0);
    const shown: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#atLineStart && mayBeMarked(bytes, at)) {
        const end = bytes.indexOf(newline, at);
        if (end === -1 && bytes.length - at <= longestMarked) {
          this.#held = bytes.subarray(at);
          break;
        }
        if (end !== -1) {
          shown.push(lineWithWords(bytes.subarray(at, end), '\n'));
          at = end + 1;
          continue;
        }
      }
      // up to the next line that may be marked
      const next = bytes.indexOf('\n#', at);
      const end = next === -1 ? bytes.length : next + 1;
      shown.push(bytes.subarray(at, end));
      this.#atLineStart = bytes[end - 1] === newline;
      at = end;
    }
    return Buffer.concat(shown);
  }

  /** The rest of a log whose last line has no end. */
  end(): Buffer {
    const rest = lineWithWords(this.#held, '');
    this.#held = Buffer.alloc(0);
    return rest;
  }
}

/** Whether the line at a position begins with a mark, as far as its bytes are known. */
function mayBeMarked(bytes: Buffer, at: number): boolean {
  const start = bytes.subarray(at, at + markStart.length);
  return start.equals(markStart.subarray(0, start.length));
}

/** A marked line is text of Volt's; other bytes stay as they are. */
function lineWithWords(line: Buffer, end: string): Buffer {
  const text = line.toString();
  const shown = withWords(text);
  if (shown === undefined) return Buffer.alloc(0);
  return shown === text ? Buffer.concat([line, Buffer.from(end)]) : Buffer.from(shown + end);
}
