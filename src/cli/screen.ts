import { Writable } from 'node:stream';
import { createLogUpdate } from 'log-update';
import { divertPrinting, plainTerminal } from './terminal.ts';

/**
 * A terminal with a block of lines that stays at its bottom, while everything that is printed goes above it. Only what
 * has changed is drawn, and each change reaches the terminal as one write, so that nothing flickers.
 */
export class Screen {
  readonly #stream = process.stdout;
  // a cursor that was hidden would stay so for a person whose Volt is killed
  readonly #update = createLogUpdate(this.#stream, { showCursor: true });
  #block = '';
  /** what was printed in this moment and is still to be written */
  #printed = '';

  /** The terminal as a screen; undefined where there is none that could be one, or nobody who watches. */
  static open(): Screen | undefined {
    if (plainTerminal()) return undefined;
    const screen = new Screen();
    divertPrinting((text) => screen.#above(text));
    return screen;
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#stream.columns, rows: this.#stream.rows };
  }

  /** What is written there comes above the block too; a log that goes elsewhere stays where it goes. */
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

  /** @param lines none wider than the screen */
  show(lines: readonly string[]): void {
    this.#block = lines.join('\n');
    this.#update(this.#block);
  }

  /** Takes the block away; what is printed from now on is printed as anywhere else. */
  close(): void {
    divertPrinting(undefined);
    this.#update.clear();
    this.#block = '';
    this.#flush();
  }

  /**
   * Lines that are printed one after the other are drawn as one.
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
