interface Log {
  /** number of its lines */
  count: number;
  /** whether it grows */
  isLive: boolean;
  /** whether its end is in sight */
  isAtEnd: boolean;
}

/** Shows that a log that grows is followed, and offers its newest lines where the reader looks at others. */
export class Following {
  readonly #section: HTMLElement;
  readonly #newest: HTMLElement;
  /** lines when the end was last in sight */
  #seen = 0;

  /** @param newest the button that goes to the newest lines */
  constructor(section: HTMLElement, newest: HTMLElement) {
    this.#section = section;
    this.#newest = newest;
  }

  show({ count, isLive, isAtEnd }: Log): void {
    const follows = isLive && isAtEnd;
    if (follows) this.#section.dataset.following = '';
    else delete this.#section.dataset.following;
    if (isAtEnd) this.#seen = count;
    this.#newest.hidden = !isLive || follows || count === this.#seen;
  }
}
