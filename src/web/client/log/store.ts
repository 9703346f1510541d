import { type Line, type Span, Terminal } from '../../text/terminal.ts';

/** Lines are fetched in blocks of so many. */
const block = 500;
/** So many lines are kept; of more, those that are furthest from what is looked at go. */
const most = 20_000;

interface Answer {
  from: number;
  lines: { spans: Span[]; at: string | null }[];
  total: number;
  end: number;
  rest: Span[] | null;
}

/** A line, and when it came, in milliseconds since 1970. */
export interface TimedLine {
  spans: Line;
  at: number | undefined;
}

/**
 * The lines of one log as far as they are needed: fetched around what is looked at, and added at the end as they come.
 * Lines are numbered from 0. Output becomes text and nothing else, whatever it says.
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

  /** @param changed is called when there is more to see */
  constructor(job: string, attempt: string, live: boolean, changed: () => void) {
    this.#address = `/api/v1/jobs/${job}/log`;
    this.#attempt = attempt;
    this.#live = live;
    this.#changed = changed;
  }

  /** How many lines there are, the one included that has not ended. */
  get count(): number {
    return this.#total + (this.#unended === undefined ? 0 : 1);
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** Learns how long the log is; its last lines come along. */
  async begin(): Promise<void> {
    const answer = await this.#fetch(-block);
    this.#total = answer.total;
    this.#position = answer.end;
    this.#keep(answer);
    // what has not ended comes again by the stream
    if (!this.#live && answer.rest !== null) this.#unended = { spans: answer.rest, at: undefined };
    this.#changed();
  }

  /** A line, or undefined where it is still to come. */
  at(number: number): TimedLine | undefined {
    return number === this.#total ? this.#unended : this.#lines.get(number);
  }

  /** Sees to it that lines get here. */
  want(first: number, last: number): void {
    for (let from = Math.floor(first / block) * block; from <= last; from += block) {
      if (this.#asked.has(from)) continue;
      const end = Math.min(from + block, this.#total);
      let missing = Math.max(from, first);
      while (missing < end && this.#lines.has(missing)) missing += 1;
      if (missing < end) void this.#load(from, first);
    }
  }

  /** A line, once it is here; undefined behind the last, and while Volt is away. */
  async fetched(number: number): Promise<TimedLine | undefined> {
    if (this.at(number) === undefined && number < this.#total)
      await this.#load(Math.floor(number / block) * block, number);
    return this.at(number);
  }

  /** Begins to follow, or goes on with it. */
  connect(): void {
    if (!this.#live || this.#events) return;
    const from = `follow=1&attempt=${this.#attempt}&from=${this.#position}`;
    const events = new EventSource(`${this.#address}?${from}`);
    events.addEventListener('chunk', (event) => {
      this.#position = Number(event.lastEventId);
      this.#write(JSON.parse(event.data) as string);
    });
    // a further attempt has a log of its own, which the page brings when it is fetched again
    for (const name of ['attempt', 'end']) events.addEventListener(name, () => this.#end());
    this.#events = events;
  }

  /** Browsers open few connections to one server, so a page that nobody sees holds none. */
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
    // it has come just now, as far as a reader can tell
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

  async #load(from: number, looked: number): Promise<void> {
    this.#asked.add(from);
    try {
      this.#keep(await this.#fetch(from));
      this.#trim(looked);
    } catch {
      // Volt is away for a moment; whoever looks at the place asks again
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

  #trim(looked: number): void {
    if (this.#lines.size <= most) return;
    for (const number of this.#lines.keys()) if (Math.abs(number - looked) > most / 4) this.#lines.delete(number);
  }
}
