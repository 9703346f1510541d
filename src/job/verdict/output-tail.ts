/** Bytes of the end that are kept: package managers tell what is wrong in their last lines. */
const most = 65_536;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colours = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The end of what a step has printed. */
export class OutputTail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk.subarray(-most)));
    this.#bytes += Math.min(chunk.length, most);
    if (this.#bytes < 2 * most) return;
    const end = Buffer.concat(this.#chunks).subarray(-most);
    this.#chunks = [Buffer.from(end)];
    this.#bytes = end.length;
  }

  /** Forgets what earlier steps have printed. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }

  /** Its last 64 KB without colours; the first line may be a part of one. */
  text(): string {
    return Buffer.concat(this.#chunks).subarray(-most).toString().replace(colours, '');
  }
}
