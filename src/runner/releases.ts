/**
 * What a piece of work holds, to be released when the work is over, the latest first. Node 20 has no `DisposableStack`.
 */
export class Releases {
  readonly #stack: (() => unknown)[] = [];
  readonly #failed: (error: unknown) => void;

  /** @param failed takes the error of a release; the others are run all the same */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  defer(release: () => unknown): void {
    this.#stack.push(release);
  }

  /** Runs each release once. Never rejects. */
  async run(): Promise<void> {
    for (let release = this.#stack.pop(); release; release = this.#stack.pop()) {
      try {
        await release();
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
