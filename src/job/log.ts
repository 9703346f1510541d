import type { Masker } from './output/masker.ts';

const newline = 10;

/**
 * The log of a job: the output of its commands byte for byte, secrets hidden, and lines of Volt's, each of which begins
 * on a line of its own.
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

  /** length so far */
  get bytes(): number {
    return this.#bytes;
  }

  write(chunk: Buffer): void | Promise<void> {
    return this.writeHidden(this.masker.push(chunk));
  }

  /** Takes what has gone through the masker already. */
  writeHidden(chunk: Buffer): void | Promise<void> {
    if (chunk.length === 0) return undefined;
    this.#lineOpen = chunk.at(-1) !== newline;
    this.#bytes += chunk.length;
    return this.#output(chunk);
  }

  /** Lines of Volt's that readers of such logs know, as `##[group]Run npm test`. */
  async line(text: string): Promise<void> {
    await this.end();
    if (this.masker.isWithheld) return;
    await this.writeHidden(Buffer.from(`${this.#lineOpen ? '\n' : ''}${this.masker.text(text)}\n`));
  }

  /** A sentence of Volt's. */
  async say(text: string): Promise<void> {
    await this.line(`[volt] ${text}`);
  }

  /** Writes what is held back, since nothing follows it. */
  async end(): Promise<void> {
    await this.writeHidden(this.masker.end());
  }
}
