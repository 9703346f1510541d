import type { Place, TimedHit, TimedHits } from '../../logs/hits.ts';
import type { Range } from '../../text/line-parts.ts';
import type { LogLine } from '../../text/log-line.ts';

/** What to search for, as in the form of the page. */
export interface SearchQuery {
  text: string;
  regex: boolean;
  matchCase: boolean;
}

/** What is shown of a line among those that match. */
export interface Excerpt {
  content: LogLine;
  found: readonly Range[];
  at: number | undefined;
}

/** One object, so that rows without matches stay the same. */
const none: readonly Range[] = [];

/** The most hits that are fetched: nobody steps through more. */
const mostHits = 5000;

/** A search of one log on the server, with the current hit. */
export class LogSearch {
  readonly #address: string;
  readonly #show: (text: string) => void;
  readonly #goTo: (line: number) => void;
  #lines: number[] = [];
  #hits = new Map<number, TimedHit>();
  #excerpts = new Map<number, Excerpt>();
  #at = -1;
  #more = false;
  /** parameters of the search; empty if there is none */
  #query = '';

  /**
   * @param show shows the state of the search
   * @param goTo shows a line
   */
  constructor(job: string, attempt: string, show: (text: string) => void, goTo: (line: number) => void) {
    this.#address = `/api/v1/jobs/${job}/log/search?attempt=${attempt}&limit=1000`;
    this.#show = show;
    this.#goTo = goTo;
  }

  get current(): number | undefined {
    return this.#lines[this.#at];
  }

  /** The lines that were found so far, in ascending order. */
  get lines(): readonly number[] {
    return this.#lines;
  }

  /** What was found in a line, as ranges of its characters. */
  found(line: number): readonly Range[] {
    return this.#hits.get(line)?.found ?? none;
  }

  /** What the search has brought of a line. */
  excerpt(line: number): Excerpt | undefined {
    return this.#excerpts.get(line);
  }

  /**
   * Searches, and goes to the first hit. The same search again goes to the next hit.
   * @param near the line that the reader is at: its hit, or the next one, becomes the current one, and nothing moves
   */
  async find({ text, regex, matchCase }: SearchQuery, near?: number): Promise<void> {
    const query = text === '' ? '' : `&${new URLSearchParams({ q: text, regex: flag(regex), case: flag(matchCase) })}`;
    if (query === this.#query && this.#lines.length > 0) return this.step(1);
    this.#query = query;
    this.#lines = [];
    this.#hits = new Map();
    this.#excerpts = new Map();
    this.#at = -1;
    this.#more = false;
    if (query === '') return this.#show('');
    this.#show('searching…');
    let next: Place | null = { position: 0, line: 0 };
    while (next !== null && this.#lines.length < mostHits) {
      const answer: TimedHits | undefined = await this.#ask(query, next);
      if (answer === undefined || this.#query !== query) return;
      for (const hit of answer.hits) {
        this.#hits.set(hit.line, hit);
        this.#excerpts.set(hit.line, excerptOf(hit));
      }
      this.#lines.push(...answer.hits.map(({ line }) => line));
      next = answer.next;
      this.#more = next !== null;
      this.#choose(near);
    }
    this.#tell();
  }

  /** Goes to the next or the previous hit; after the last comes the first. */
  step(by: 1 | -1): void {
    const count = this.#lines.length;
    if (count === 0) return;
    this.#at = (Math.max(this.#at, by === 1 ? -1 : 0) + by + count) % count;
    this.#tell();
    this.#goTo(this.current ?? 0);
  }

  /** Chooses the current hit once it is known. */
  #choose(near: number | undefined): void {
    if (this.#at === -1 && near !== undefined) this.#at = this.#lines.findIndex((line) => line >= near);
    if (this.#at === -1 && near === undefined) this.step(1);
    else this.#tell();
  }

  async #ask(query: string, { position, line }: Place): Promise<TimedHits | undefined> {
    const answer = await fetch(`${this.#address}${query}&position=${position}&line=${line}`).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as TimedHits;
    const why = (await answer?.json().catch(() => undefined)) as { error?: { message: string } } | undefined;
    // another search may have begun meanwhile
    if (this.#query === query) this.#show(why?.error?.message ?? 'The search failed: Volt does not answer.');
    return undefined;
  }

  #tell(): void {
    const count = this.#lines.length;
    const most = this.#more ? ' or more' : '';
    if (count === 0) this.#show(this.#more ? 'searching…' : 'no matches');
    else if (this.#at === -1) this.#show(`${count}${most} ${count === 1 ? 'match' : 'matches'}`);
    else this.#show(`${this.#at + 1} of ${count}${most}`);
  }
}

function excerptOf({ mark, spans, from, found, at }: TimedHit): Excerpt {
  return {
    content: { mark: mark ?? undefined, spans },
    found: found.map(([first, end]) => [Math.max(0, first - from), end - from]),
    at: at === null ? undefined : Date.parse(at),
  };
}

function flag(on: boolean): string {
  return on ? '1' : '0';
}
