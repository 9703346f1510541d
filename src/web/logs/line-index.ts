import type { FileHandle } from 'node:fs/promises';
import { longestLine, type Span, Terminal } from '../text/terminal.ts';
import { openIfThere } from './log-file.ts';

/** Lines between two that are noted, at first. */
const firstStride = 256;
/** So many positions are noted at most; then every second is forgotten, and the stride is twice as long. */
const mostPositions = 8192;
/** Bytes that are read at once. */
const pieceSize = 256 * 1024;
/** Bytes before a window that are read for the colours in which it begins. */
const lookBack = 4096;
/** Of one line so many bytes are looked at: no character takes more than four, and sequences want room, too. */
const longestBytes = longestLine * 4;
/** A window ends after so many bytes even where more lines were asked for. */
const longestWindow = 1024 * 1024;

const LF = 0x0a;

/** A part of a log. */
export interface LogWindow {
  /** number of the first line, from 0 */
  from: number;
  lines: { spans: Span[]; start: number }[];
  /** lines that have ended by now */
  total: number;
  /** position in bytes after the last of them */
  end: number;
  /** what follows them, a line that has not ended; only where the window reaches that far */
  rest: Span[] | null;
}

/**
 * Where the lines of one log begin: the position of every so many-th, found by reading on from where the last look ended.
 * It holds a bounded number of positions however long the log is, and reads a bounded piece at a time.
 */
export class LineIndex {
  readonly #file: string;
  #stride = firstStride;
  #positions: number[] = [0];
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
      let checkpoint = this.#positions.findLastIndex((start) => start <= position);
      checkpoint = Math.max(checkpoint, 0);
      let line = checkpoint * this.#stride;
      await scan(handle, this.#positions[checkpoint] ?? 0, (bytes) => {
        for (let at = bytes.data.indexOf(LF); at !== -1; at = bytes.data.indexOf(LF, at + 1)) {
          if (bytes.offset + at >= position) return false;
          line += 1;
        }
        return true;
      });
      return line;
    }, 0);
  }

  async #withFile<T>(look: (handle: FileHandle) => Promise<T>, none: T): Promise<T> {
    const handle = await openIfThere(this.#file);
    if (!handle) return none;
    try {
      return await look(handle);
    } finally {
      await handle.close();
    }
  }

  /** Any number of readers wait for the same scan. */
  async #upToDate(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    // whoever comes during a scan may know of a longer file than that does
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
        if (this.#lines % this.#stride === 0) this.#note(this.#end);
      }
      this.#scanned = offset + data.length;
      return true;
    });
  }

  #note(position: number): void {
    this.#positions.push(position);
    if (this.#positions.length <= mostPositions) return;
    this.#positions = this.#positions.filter((_, place) => place % 2 === 0);
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

/** A line that is being read, of which no more than its beginning is kept. */
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
    // the buffer is read into again
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

/** Whole lines before a position, of bounded length: enough for the styles that go on over it, as a rule. */
async function textBefore(handle: FileHandle, position: number): Promise<string> {
  const from = Math.max(0, position - lookBack);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(position - from), { position: from });
  const skip = from === 0 ? 0 : buffer.subarray(0, bytesRead).indexOf(LF) + 1;
  return buffer.toString('utf8', skip, bytesRead);
}

/** Hands a file over piece by piece, from a position on, until its end or until `take` says that it is enough. */
export async function scan(
  handle: FileHandle,
  from: number,
  take: (piece: { data: Buffer; offset: number }) => boolean,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(pieceSize);
  for (let position = from; ; ) {
    const { bytesRead } = await handle.read(buffer, { position });
    if (bytesRead === 0 || !take({ data: buffer.subarray(0, bytesRead), offset: position })) return;
    position += bytesRead;
  }
}

/** The indexes of the logs that were looked at last. */
export class LineIndexes {
  readonly #most: number;
  readonly #byFile = new Map<string, LineIndex>();

  constructor(most = 64) {
    this.#most = most;
  }

  of(file: string): LineIndex {
    const index = this.#byFile.get(file) ?? new LineIndex(file);
    this.#byFile.delete(file);
    this.#byFile.set(file, index);
    if (this.#byFile.size > this.#most) this.#byFile.delete(this.#byFile.keys().next().value as string);
    return index;
  }
}
