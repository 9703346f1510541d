import type { FileHandle } from 'node:fs/promises';
import { FadingMap } from '../../kernel/fading-map.ts';
import { longestLine, type Span, Terminal } from '../text/terminal.ts';
import { openIfThere } from './log-file.ts';
import { scan } from './pieces.ts';

/** The position of every 256th line is stored at first. */
const firstStride = 256;
/** The most positions that are stored. At this limit every second one is dropped, and the stride doubles. */
const mostPositions = 8192;
/** The most places that `lineAt` has found which are kept. A page asks for those of all steps and annotations each time. */
const mostFound = 256;
/** Bytes before a window that are read to know the colours at its beginning. */
const lookBack = 4096;
/** The most bytes of one line that are read: a character has up to four bytes, and escape sequences need some as well. */
const longestBytes = longestLine * 4;
/** A window ends after this many bytes, even if it has fewer lines than requested. */
const longestWindow = 1024 * 1024;

const LF = 0x0a;

export interface LogWindow {
  /** number of the first line, from 0 */
  from: number;
  lines: { spans: Span[]; start: number }[];
  /** complete lines so far */
  total: number;
  /** position in bytes after the last of them */
  end: number;
  /** the incomplete line after them; only if the window ends with the last line */
  rest: Span[] | null;
}

/** Where a line begins. */
interface LineStart {
  line: number;
  /** in bytes */
  position: number;
}

/**
 * Finds lines of one log by number. It stores the positions of a limited number of lines, however long the log is, and
 * reads only what was appended since the last call, in pieces of limited size.
 */
export class LineIndex {
  readonly #file: string;
  #stride = firstStride;
  #positions: number[] = [0];
  /** the latest last */
  readonly #found: LineStart[] = [];
  #lines = 0;
  #scanned = 0;
  #end = 0;
  #scanning: Promise<void> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Lines from number `from` on (from 0; a negative one counts from the end), at most `count`. */
  async window(from: number, count: number): Promise<LogWindow> {
    return this.#withFile(
      async (handle) => {
        await this.#upToDate(handle);
        const total = this.#lines;
        const end = this.#end;
        const first = Math.min(from < 0 ? Math.max(0, total + from) : from, total);
        const lines = await this.#read(handle, first, Math.min(count, total - first));
        const rest = first + lines.length === total ? await unended(handle, end) : null;
        return { from: first, lines, total, end, rest };
      },
      { from: 0, lines: [], total: 0, end: 0, rest: null },
    );
  }

  /** Number of the line that the byte at a position is in. */
  async lineAt(position: number): Promise<number> {
    return this.#withFile(async (handle) => {
      await this.#upToDate(handle);
      if (position >= this.#end) return this.#lines;
      const found = this.#startBefore(position);
      await scan(handle, found.position, ({ data, offset }) => {
        for (let at = data.indexOf(LF); at !== -1; at = data.indexOf(LF, at + 1)) {
          if (offset + at >= position) return false;
          found.line += 1;
          found.position = offset + at + 1;
        }
        return offset + data.length <= position;
      });
      this.#found.push(found);
      if (this.#found.length > mostFound) this.#found.shift();
      return found.line;
    }, 0);
  }

  /** The last known beginning of a line up to a position. Lines may be long, so that reading from a stored one takes its time. */
  #startBefore(position: number): LineStart {
    const checkpoint = this.#positions.findLastIndex((start) => start <= position);
    let last = { line: checkpoint * this.#stride, position: this.#positions[checkpoint] ?? 0 };
    for (const found of this.#found)
      if (found.position <= position && found.position > last.position) last = { ...found };
    return last;
  }

  async #withFile<T>(work: (handle: FileHandle) => Promise<T>, none: T): Promise<T> {
    const handle = await openIfThere(this.#file);
    if (!handle) return none;
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  }

  /** Scans what was appended. Concurrent callers share one scan. */
  async #upToDate(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    // the file may have grown since a scan under way began
    while (this.#scanned < size) {
      this.#scanning ??= this.#scan(handle).finally(() => {
        this.#scanning = undefined;
      });
      const before = this.#scanned;
      await this.#scanning;
      if (this.#scanned === before) return;
    }
  }

  async #scan(handle: FileHandle): Promise<void> {
    await scan(handle, this.#scanned, ({ data, offset }) => {
      for (let at = data.indexOf(LF); at !== -1; at = data.indexOf(LF, at + 1)) {
        this.#lines += 1;
        this.#end = offset + at + 1;
        if (this.#lines % this.#stride === 0) this.#store(this.#end);
      }
      this.#scanned = offset + data.length;
      return true;
    });
  }

  #store(position: number): void {
    this.#positions.push(position);
    if (this.#positions.length <= mostPositions) return;
    this.#positions = this.#positions.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  async #read(handle: FileHandle, first: number, count: number): Promise<LogWindow['lines']> {
    const lines: LogWindow['lines'] = [];
    if (count <= 0) return lines;
    const checkpoint = Math.floor(first / this.#stride);
    const begin = this.#positions[checkpoint] ?? 0;
    const terminal = new Terminal();
    let skip = first - checkpoint * this.#stride;
    if (skip === 0) terminal.write(await textBefore(handle, begin));
    let line = new OpenLine(begin);
    let bytes = 0;
    await scan(handle, begin, ({ data, offset }) => {
      let from = 0;
      for (let at = data.indexOf(LF); at !== -1; at = data.indexOf(LF, from)) {
        line.add(data.subarray(from, at));
        const [spans = []] = terminal.write(`${line.text}\n`);
        if (skip > 0) skip -= 1;
        else {
          lines.push({ spans, start: line.start });
          bytes += line.bytes;
        }
        if (lines.length === count || bytes > longestWindow) return false;
        from = at + 1;
        line = new OpenLine(offset + from);
      }
      line.add(data.subarray(from));
      return true;
    });
    return lines;
  }
}

/** A line that is being read. Only its beginning is kept. */
class OpenLine {
  readonly start: number;
  bytes = 0;
  #parts: Buffer[] = [];

  constructor(start: number) {
    this.start = start;
  }

  get text(): string {
    return this.#parts.length === 1 ? String(this.#parts[0]) : Buffer.concat(this.#parts).toString('utf8');
  }

  add(data: Buffer): void {
    const part = data.subarray(0, longestBytes - this.bytes);
    if (part.length === 0) return;
    // copied, because the next read overwrites the buffer
    this.#parts.push(Buffer.from(part));
    this.bytes += part.length;
  }
}

async function unended(handle: FileHandle, from: number): Promise<Span[] | null> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestBytes), { position: from });
  if (bytesRead === 0) return null;
  const [spans = []] = new Terminal().write(`${buffer.toString('utf8', 0, bytesRead).split('\n')[0]}\n`);
  return spans;
}

/** The lines before a position, up to a limited length: usually enough to know the style at the position. */
async function textBefore(handle: FileHandle, position: number): Promise<string> {
  const from = Math.max(0, position - lookBack);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(position - from), { position: from });
  const skip = from === 0 ? 0 : buffer.subarray(0, bytesRead).indexOf(LF) + 1;
  return buffer.toString('utf8', skip, bytesRead);
}

/** The indexes of the logs that were read last. */
export class LineIndexes {
  readonly #byFile: FadingMap<string, LineIndex>;

  constructor(most = 64) {
    this.#byFile = new FadingMap(Number.POSITIVE_INFINITY, most);
  }

  of(file: string): LineIndex {
    const index = this.#byFile.get(file) ?? new LineIndex(file);
    this.#byFile.set(file, index);
    return index;
  }
}
