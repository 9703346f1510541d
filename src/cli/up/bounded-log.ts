/** Lines that are printed as they come. */
const mostFirst = 400;
/** Lines of the rest that are printed at the end, where the reason of a failure usually is. */
const mostLast = 100;
/** Characters of a line that are printed. */
const widest = 2000;

/**
 * Prints a log of any length as a bounded number of lines: the first ones as they come, and at its end how many were left
 * out, and the last ones.
 */
export class BoundedLog {
  readonly #print: (lines: readonly string[]) => Promise<void>;
  readonly #command: string;
  #printed = 0;
  /** the last lines that are not printed yet */
  #last: string[] = [];
  #leftOut = 0;

  /** @param command prints the whole log */
  constructor(print: (lines: readonly string[]) => Promise<void>, command: string) {
    this.#print = print;
    this.#command = command;
  }

  async add(lines: readonly string[]): Promise<void> {
    const short = lines.map((line) => (line.length > widest ? `${line.slice(0, widest)}…` : line));
    const now = short.slice(0, mostFirst - this.#printed);
    const rest = short.slice(now.length);
    this.#printed += now.length;
    const begins = rest.length > 0 && this.#last.length === 0;
    this.#last.push(...rest);
    const surplus = Math.max(0, this.#last.length - mostLast);
    this.#last.splice(0, surplus);
    this.#leftOut += surplus;
    if (begins) now.push(`… the log is long; its end follows. All of it: ${this.#command} -f`);
    if (now.length > 0) await this.#print(now);
  }

  /** To be called when the log has ended. */
  async end(): Promise<void> {
    const count = this.#leftOut.toLocaleString('en');
    if (this.#leftOut > 0) this.#last.unshift(`… ${count} more lines: ${this.#command}`);
    if (this.#last.length > 0) await this.#print(this.#last);
  }
}
