import { utimesSync, writeFileSync } from 'node:fs';
import { systemCode } from './error-text.ts';

/**
 * The file whose modification time is that of the last heartbeat of this process that Redis confirmed. A container engine
 * checks it every few seconds; a program that asks Redis instead would start Node each time.
 */
export class HealthFile {
  readonly #path: string | undefined;
  readonly #logger: { warn(message: string): void };

  /** @param path where it is; without one nothing is written */
  constructor(path: string | undefined, logger: { warn(message: string): void }) {
    this.#path = path;
    this.#logger = logger;
  }

  /** Sets the modification time to now. A file that cannot be written is logged once, however many stages share it. */
  touch(): void {
    if (this.#path === undefined) return;
    try {
      renew(this.#path);
    } catch (error) {
      if (unwritable.has(this.#path)) return;
      unwritable.add(this.#path);
      this.#logger.warn(`cannot write VOLT_HEALTH_FILE (${systemCode(error) ?? 'unknown'}): ${this.#path}`);
    }
  }
}

const unwritable = new Set<string>();

function renew(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    writeFileSync(path, '');
  }
}
