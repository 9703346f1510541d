import { type LogLine, logLine } from '../../text/log-line.ts';
import { type Span, Terminal } from '../../text/terminal.ts';
import type { PageLines } from './page-lines.ts';

/** Lines of one fetch. */
const block = 500;
/** The most lines in memory. Above this limit, the lines farthest from the visible ones are dropped. */
const most = 20_000;

interface Answer {
  from: number;
  lines: { spans: Span[]; at: string | null }[];
}

/** A line, and when it arrived, in milliseconds since 1970. */
export interface TimedLine {
  line: LogLine;
  at: number | undefined;
}

/** What the page knows of the log. */
interface Known extends PageLines {
  /** number of complete lines */
  total: number;
  /** position in bytes after the last of them */
  end: number;
}

/**
 * The lines of one log that are needed: it fetches those around the visible ones and appends new ones as they arrive.
 * Lines are numbered from 0. Output becomes text only, never markup.
 */
export class LineStore {
  readonly #address: string;
  readonly #attempt: string;
  readonly #changed: () => void;
  readonly #lines = new Map<number, TimedLine>();
  readonly #asked = new Set<number>();
  readonly #terminal = new Terminal();
  #total = 0;
  #unended: TimedLine | undefined;
  #position = 0;
  #events: EventSource | undefined;
  #live: boolean;

  /** @param changed is called when there are new lines */
  constructor(job: string, attempt: string, live: boolean, known: Known, changed: () => void) {
    this.#address = `/api/v1/jobs/${job}/log`;
    this.#attempt = attempt;
    this.#live = live;
    this.#changed = changed;
    this.#total = known.total;
    this.#position = known.end;
    for (const [index, line] of known.lines.entries()) {
      const number = known.from + index;
      if (number < known.total) this.#lines.set(number, line);
      // for a running job, the stream sends the incomplete line again
      else if (!live) this.#unended = line;
    }
  }

  /** Number of lines, including the incomplete one. */
  get count(): number {
    return this.#total + (this.#unended === undefined ? 0 : 1);
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** A line, or undefined if it is not loaded yet. */
  at(number: number): TimedLine | undefined {
    return number === this.#total ? this.#unended : this.#lines.get(number);
  }

  /** Loads lines that are missing. */
  want(first: number, last: number): void {
    for (let from = Math.floor(first / block) * block; from <= last; from += block) {
      if (this.#asked.has(from)) continue;
      const end = Math.min(from + block, this.#total);
      let missing = Math.max(from, first);
      while (missing < end && this.#lines.has(missing)) missing += 1;
      if (missing < end) void this.#load(from, first);
    }
  }

  /** Loads a line if it is missing; undefined after the last line, and while Volt does not answer. */
  async fetched(number: number): Promise<TimedLine | undefined> {
    if (this.at(number) === undefined && number < this.#total)
      await this.#load(Math.floor(number / block) * block, number);
    return this.at(number);
  }

  /** Follows the log of a running job from the last position. */
  connect(): void {
    if (!this.#live || this.#events) return;
    const from = `follow=1&attempt=${this.#attempt}&from=${this.#position}`;
    const events = new EventSource(`${this.#address}?${from}`);
    events.addEventListener('chunk', (event) => {
      this.#position = Number(event.lastEventId);
      this.#write(JSON.parse(event.data) as string);
    });
    // a further attempt has its own log, which the page shows after its next fetch
    for (const name of ['attempt', 'end']) events.addEventListener(name, () => this.#end());
    this.#events = events;
  }

  /** Closes the stream of a hidden page: browsers open only a few connections to a server. */
  disconnect(): void {
    this.#events?.close();
    this.#events = undefined;
  }

  #end(): void {
    this.#live = false;
    this.disconnect();
    this.#changed();
  }

  #write(text: string): void {
    // close enough to the time at which the reporter received it
    const at = Date.now();
    for (const spans of this.#terminal.write(text)) {
      this.#lines.set(this.#total, { line: logLine(spans), at });
      this.#total += 1;
    }
    const { current } = this.#terminal;
    this.#unended = current.length > 0 ? { line: logLine([...current]), at } : undefined;
    this.#trim(this.#total);
    this.#changed();
  }

  async #load(from: number, visible: number): Promise<void> {
    this.#asked.add(from);
    try {
      this.#keep(await this.#fetch(from));
      this.#trim(visible);
    } catch {
      // Volt does not answer; the next draw asks again
    } finally {
      this.#asked.delete(from);
    }
    this.#changed();
  }

  async #fetch(from: number): Promise<Answer> {
    const answer = await fetch(`${this.#address}/lines?attempt=${this.#attempt}&from=${from}&count=${block}`);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return (await answer.json()) as Answer;
  }

  #keep({ from, lines }: Answer): void {
    for (const [index, { spans, at }] of lines.entries())
      this.#lines.set(from + index, { line: logLine(spans), at: at === null ? undefined : Date.parse(at) });
  }

  #trim(visible: number): void {
    if (this.#lines.size <= most) return;
    for (const number of this.#lines.keys()) if (Math.abs(number - visible) > most / 4) this.#lines.delete(number);
  }
}
