import { Writable } from 'node:stream';
import { createLogUpdate } from 'log-update';
import { divertPrinting, plainTerminal } from './terminal.ts';

/**
 * A terminal with a block of lines at its bottom; everything that is printed goes above it. It draws only changes, and
 * each change in one write, so that nothing flickers.
 */
export class Screen {
  readonly #stream = process.stdout;
  // a hidden cursor would stay hidden if Volt were killed
  readonly #update = createLogUpdate(this.#stream, { showCursor: true });
  #block = '';
  /** printed text that is not yet written */
  #printed = '';

  /** The terminal as a screen; undefined without a terminal that can show one, or in automation. */
  static open(): Screen | undefined {
    if (plainTerminal()) return undefined;
    const screen = new Screen();
    divertPrinting((text) => screen.#above(text));
    return screen;
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#stream.columns, rows: this.#stream.rows };
  }

  /** A stream for log lines, which go above the block as well if standard error is the terminal. */
  get errors(): NodeJS.WritableStream {
    if (!process.stderr.isTTY) return process.stderr;
    return new Writable({
      decodeStrings: false,
      write: (text, _, done) => {
        this.#above(String(text));
        done();
      },
    });
  }

  /** Replaces the block. @param lines none wider than the screen */
  show(lines: readonly string[]): void {
    this.#block = lines.join('\n');
    this.#update(this.#block);
  }

  /** Removes the block and stops diverting what is printed. */
  close(): void {
    divertPrinting(undefined);
    this.#update.clear();
    this.#block = '';
    this.#flush();
  }

  /**
   * Prints above the block. Lines that are printed in one turn of the event loop are drawn together.
   * @param text whole lines
   */
  #above(text: string): void {
    if (this.#printed === '') queueMicrotask(() => this.#flush());
    this.#printed += text;
  }

  #flush(): void {
    const text = this.#printed;
    this.#printed = '';
    if (text === '') return;
    this.#stream.cork();
    if (this.#block !== '') this.#update.clear();
    this.#stream.write(text);
    if (this.#block !== '') this.#update(this.#block);
    this.#stream.uncork();
  }
}
