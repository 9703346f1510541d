const size = 65_536;

/** Unused blocks. As garbage, blocks of this size would keep the garbage collector busy. */
const spare: Buffer[] = [];
const mostSpare = 16;

/** Collects bytes that are written together. */
export class PooledBuffer {
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

  /** The bytes in the order in which they were added. */
  get parts(): Buffer[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.map((block, index) => (index === last ? block.subarray(0, this.#filled) : block));
  }

  /** Frees the blocks. Nobody may read the parts after that. */
  free(): void {
    spare.push(...this.#blocks.splice(0).slice(0, mostSpare - spare.length));
    this.#filled = size;
  }
}
