/** Bytes of the end that are kept: package managers tell what is wrong in their last lines. */
const most = 65_536;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colours = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The end of what a step has printed, in a ring: output is copied once, however much there is. */
export class OutputTail {
  /** as long as needed: most steps print little */
  #ring: Buffer = Buffer.alloc(0);
  #bytes = 0;

  push(chunk: Buffer): void {
    this.#grow(Math.min(this.#bytes + chunk.length, most));
    const end = chunk.subarray(-most);
    this.#bytes += chunk.length;
    const to = this.#bytes % most;
    const atEnd = Math.max(end.length - to, 0);
    end.copy(this.#ring, most - atEnd, 0, atEnd);
    end.copy(this.#ring, to - (end.length - atEnd), atEnd);
  }

  /** Forgets what earlier steps have printed. */
  clear(): void {
    this.#bytes = 0;
  }

  /** Its last 64 KB without colours; the first line may be a part of one. */
  text(): string {
    const to = this.#bytes % most;
    const parts =
      this.#bytes > most
        ? [this.#ring.subarray(to), this.#ring.subarray(0, to)]
        : [this.#ring.subarray(0, this.#bytes)];
    return Buffer.concat(parts).toString().replace(colours, '');
  }

  #grow(bytes: number): void {
    if (bytes <= this.#ring.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * bytes, 1024), most));
    this.#ring.copy(larger);
    this.#ring = larger;
  }
}
