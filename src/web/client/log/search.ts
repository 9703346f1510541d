interface Answer {
  hits: { line: number }[];
  next: { position: number; line: number } | null;
}

/** The most hits that are fetched: nobody steps through more. */
const mostHits = 5000;

/** A search of one log on the server, with the current hit. */
export class LogSearch {
  readonly #address: string;
  readonly #show: (text: string) => void;
  readonly #goTo: (line: number) => void;
  #lines: number[] = [];
  #known = new Set<number>();
  #at = -1;
  #more = false;
  #text = '';

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

  isHit(line: number): boolean {
    return this.#known.has(line);
  }

  /** Searches for a text. The same text again goes to the next hit. */
  async find(text: string): Promise<void> {
    if (text === this.#text && this.#lines.length > 0) return this.step(1);
    this.#text = text;
    this.#lines = [];
    this.#known = new Set();
    this.#at = -1;
    if (text === '') return this.#show('');
    this.#show('searching…');
    let next: Answer['next'] = { position: 0, line: 0 };
    while (next !== null && this.#lines.length < mostHits) {
      const answer: Answer | undefined = await this.#ask(text, next);
      if (answer === undefined || this.#text !== text) return;
      const isFirst = this.#lines.length === 0;
      for (const { line } of answer.hits) this.#known.add(line);
      this.#lines.push(...answer.hits.map(({ line }) => line));
      next = answer.next;
      this.#more = next !== null;
      if (isFirst && this.#lines.length > 0) this.step(1);
      else this.#tell();
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

  async #ask(text: string, from: { position: number; line: number }): Promise<Answer | undefined> {
    const query = new URLSearchParams({ q: text, position: String(from.position), line: String(from.line) });
    const answer = await fetch(`${this.#address}&${query}`).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as Answer;
    this.#show('search failed');
    return undefined;
  }

  #tell(): void {
    const count = this.#lines.length;
    if (count === 0) this.#show(this.#more ? 'searching…' : 'no matches');
    else this.#show(`${this.#at + 1} of ${count}${this.#more ? ' or more' : ''}`);
  }
}
