/** Characters of a first line; longer ones are none. */
const longest = 200;

/** Splits the line with a command's process id off the beginning of its output. */
export class FirstLine {
  /** what the line begins with; nobody else can know it */
  readonly mark: string;
  /** resolves with the process id when the line is there */
  readonly pid: Promise<string>;
  readonly #output: (chunk: Buffer) => void | Promise<void>;
  #resolve: (pid: string) => void = () => undefined;
  #head = Buffer.alloc(0);
  #isThere = false;

  constructor(mark: string, output: (chunk: Buffer) => void | Promise<void>) {
    this.mark = mark;
    this.#output = output;
    this.pid = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isThere(): boolean {
    return this.#isThere;
  }

  /** What has come without the line: the words of what has failed to start the command. */
  get rest(): string {
    return this.#isThere ? '' : this.#head.toString();
  }

  take(chunk: Buffer): void | Promise<void> {
    if (this.#isThere) return this.#output(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\n');
    const line = end < 0 ? '' : this.#head.toString('latin1', 0, end);
    const [, pid] = new RegExp(`^${this.mark} (\\d+)$`).exec(line) ?? [];
    if (pid === undefined) {
      if (this.#head.length > longest * 20) this.#head = this.#head.subarray(0, longest * 20);
      return undefined;
    }
    this.#isThere = true;
    this.#resolve(pid);
    const after = this.#head.subarray(end + 1);
    return after.length > 0 ? this.#output(after) : undefined;
  }
}
