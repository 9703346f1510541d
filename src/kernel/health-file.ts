import { utimesSync, writeFileSync } from 'node:fs';
import { systemCode } from './errors.ts';
import type { Logger } from './logger.ts';

/**
 * The file whose time of change is the last heartbeat of this process that Redis has confirmed. A container engine looks
 * at it every few seconds; a program that asked Redis instead would cost a start of Node each time.
 */
export class HealthFile {
  readonly #path: string | undefined;
  readonly #logger: Logger;

  /** @param path where it is; without one nothing is written */
  constructor(path: string | undefined, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** Says that all is well now. A file that cannot be written is complained of once, however many stages share it. */
  touch(): void {
    if (this.#path === undefined) return;
    try {
      renew(this.#path);
    } catch (error) {
      if (complainedOf.has(this.#path)) return;
      complainedOf.add(this.#path);
      this.#logger.warn(`VOLT_HEALTH_FILE cannot be written (${systemCode(error) ?? 'unknown'}): ${this.#path}`);
    }
  }
}

/** files that could not be written */
const complainedOf = new Set<string>();

function renew(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    writeFileSync(path, '');
  }
}
