interface Answer {
  hits: { line: number }[];
  next: { position: number; line: number } | null;
}

/** So many hits are fetched at most; then the text is too common to go through them. */
const mostHits = 5000;

/** A search through one log on the server, and where in its hits the reader is. */
export class LogSearch {
  readonly #address: string;
  readonly #told: (text: string) => void;
  readonly #goTo: (line: number) => void;
  #lines: number[] = [];
  #known = new Set<number>();
  #at = -1;
  #more = false;
  #text = '';

  /**
   * @param told gets what to say of it
   * @param goTo shows a line
   */
  constructor(job: string, attempt: string, told: (text: string) => void, goTo: (line: number) => void) {
    this.#address = `/api/v1/jobs/${job}/log/search?attempt=${attempt}&limit=1000`;
    this.#told = told;
    this.#goTo = goTo;
  }

  get current(): number | undefined {
    return this.#lines[this.#at];
  }

  isHit(line: number): boolean {
    return this.#known.has(line);
  }

  /** Looks for a text; the same text once more goes on to the next hit. */
  async find(text: string): Promise<void> {
    if (text === this.#text && this.#lines.length > 0) return this.step(1);
    this.#text = text;
    this.#lines = [];
    this.#known = new Set();
    this.#at = -1;
    if (text === '') return this.#told('');
    this.#told('searching…');
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

  /** Goes to another hit, round at the ends. */
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
    this.#told('search failed');
    return undefined;
  }

  #tell(): void {
    const count = this.#lines.length;
    if (count === 0) this.#told(this.#more ? 'searching…' : 'no matches');
    else this.#told(`${this.#at + 1} of ${count}${this.#more ? ' or more' : ''}`);
  }
}
