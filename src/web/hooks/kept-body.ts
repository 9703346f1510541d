import { createHash } from 'node:crypto';

/** The body of a call, as far as it is small. */
export class KeptBody {
  readonly #hash = createHash('sha256');
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  /** @param most bytes; of a larger body nothing is kept */
  constructor(most: number) {
    this.#most = most;
  }

  update(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#size <= this.#most) {
      this.#hash.update(chunk);
      this.#chunks.push(chunk);
    } else this.#chunks = [];
  }

  /** Call it once. @returns undefined for a larger body, and for none */
  take(): { text: string; hash: string } | undefined {
    if (this.#size === 0 || this.#size > this.#most) return undefined;
    return { text: Buffer.concat(this.#chunks).toString(), hash: this.#hash.digest('hex') };
  }
}
