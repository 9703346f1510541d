const size = 65_536;

/** Blocks that are not in use: garbage of this size would keep the collector busy. */
const spare: Buffer[] = [];
const mostSpare = 16;

/** Bytes that are gathered to be written at once. */
export class Blocks {
  readonly #blocks: Buffer[] = [];
  /** bytes in the last block */
  #filled = size;

  /** Copies the bytes. */
  add(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.#filled === size) {
        this.#blocks.push(spare.pop() ?? Buffer.allocUnsafeSlow(size));
        this.#filled = 0;
      }
      const copied = bytes.copy(this.#blocks.at(-1) as Buffer, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  /** What was added, in order. */
  get parts(): Buffer[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.map((block, index) => (index === last ? block.subarray(0, this.#filled) : block));
  }

  /** Nobody looks at the parts any more. */
  free(): void {
    spare.push(...this.#blocks.splice(0).slice(0, mostSpare - spare.length));
    this.#filled = size;
  }
}
