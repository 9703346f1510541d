import { HarmlessText } from './foreign-text.ts';
import { LogText } from './log-text.ts';
import { write } from './terminal.ts';

/**
 * Writes the pieces of one log to standard output, with words in place of marks such as `##[error]`. A terminal gets no control
 * sequences but colours. Everything else is written byte for byte.
 */
export class LogWriter {
  readonly #text: LogText | undefined;
  readonly #harmless = process.stdout.isTTY === true ? new HarmlessText() : undefined;

  /** @param raw whether marks are written as they are */
  constructor({ raw = false }: { raw?: boolean }) {
    this.#text = raw ? undefined : new LogText();
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    await this.#put(this.#text?.push(bytes) ?? bytes);
  }

  /** Writes what was held back, since nothing follows. */
  async end(): Promise<void> {
    if (this.#text) await this.#put(this.#text.end());
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await write(this.#harmless?.push(bytes) ?? bytes);
  }
}
