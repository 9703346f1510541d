import type { Masker } from './output/masker.ts';

const newline = 10;

/**
 * The log of a job: the output of its commands byte for byte, with secrets masked, and Volt's own lines, each on a line
 * of its own.
 */
export class JobLog {
  readonly masker: Masker;
  readonly #output: (chunk: Buffer) => void | Promise<void>;
  #bytes = 0;
  #lineOpen = false;

  constructor(output: (chunk: Buffer) => void | Promise<void>, masker: Masker) {
    this.#output = output;
    this.masker = masker;
  }

  /** bytes so far */
  get bytes(): number {
    return this.#bytes;
  }

  /** bytes before the next line of Volt's, which begins a line of its own */
  get lineStart(): number {
    return this.#bytes + (this.#lineOpen ? 1 : 0);
  }

  write(chunk: Buffer): void | Promise<void> {
    return this.writeHidden(this.masker.push(chunk));
  }

  /** Writes bytes in which secrets are masked already. */
  writeHidden(chunk: Buffer): void | Promise<void> {
    if (chunk.length === 0) return undefined;
    this.#lineOpen = chunk.at(-1) !== newline;
    this.#bytes += chunk.length;
    return this.#output(chunk);
  }

  /** Writes lines in the format of GitHub's logs, such as `##[group]Run npm test`. */
  async line(text: string): Promise<void> {
    await this.end();
    if (this.masker.isWithheld) return;
    await this.writeHidden(Buffer.from(`${this.#lineOpen ? '\n' : ''}${this.masker.text(text)}\n`));
  }

  /** Writes a sentence of Volt's. */
  async say(text: string): Promise<void> {
    await this.line(`[volt] ${text}`);
  }

  /** Writes what the masker holds back, since nothing follows. */
  async end(): Promise<void> {
    await this.writeHidden(this.masker.end());
  }
}
