import { type Line, type Span, Terminal } from '../../text/terminal.ts';

/** Lines of one fetch. */
const block = 500;
/** The most lines in memory. Above this limit, the lines farthest from the visible ones are dropped. */
const most = 20_000;

interface Answer {
  from: number;
  lines: { spans: Span[]; at: string | null }[];
  total: number;
  end: number;
  rest: Span[] | null;
}

/** A line, and when it arrived, in milliseconds since 1970. */
export interface TimedLine {
  spans: Line;
  at: number | undefined;
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
  constructor(job: string, attempt: string, live: boolean, changed: () => void) {
    this.#address = `/api/v1/jobs/${job}/log`;
    this.#attempt = attempt;
    this.#live = live;
    this.#changed = changed;
  }

  /** Number of lines, including the incomplete one. */
  get count(): number {
    return this.#total + (this.#unended === undefined ? 0 : 1);
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** Fetches the length of the log and its last lines. */
  async begin(): Promise<void> {
    const answer = await this.#fetch(-block);
    this.#total = answer.total;
    this.#position = answer.end;
    this.#keep(answer);
    // for a running job, the stream sends the incomplete line again
    if (!this.#live && answer.rest !== null) this.#unended = { spans: answer.rest, at: undefined };
    this.#changed();
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
      this.#lines.set(this.#total, { spans, at });
      this.#total += 1;
    }
    const { current } = this.#terminal;
    this.#unended = current.length > 0 ? { spans: current, at } : undefined;
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
      this.#lines.set(from + index, { spans, at: at === null ? undefined : Date.parse(at) });
  }

  #trim(visible: number): void {
    if (this.#lines.size <= most) return;
    for (const number of this.#lines.keys()) if (Math.abs(number - visible) > most / 4) this.#lines.delete(number);
  }
}
