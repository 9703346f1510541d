import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const hook = new URL('shifted-clock.mjs', import.meta.url).href;

/** By how much (ms) a clock is wrong: somebody set it wrong, its battery is empty, or it has another time zone. */
const shifts = [-86_400_000, -3_600_000, -600_000, 600_000, 3_600_000, 86_400_000];

/** The wall clocks of a fleet's members; each can be set wrong while its process runs. */
export class Clocks {
  readonly #folder: string;

  /** @param folder a new one, for one file for each clock */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder);
  }

  /** The environment that makes a member's clock settable. */
  environment(name: string): Record<string, string> {
    return { NODE_OPTIONS: `--import=${hook}`, CHAOS_CLOCK: join(this.#folder, name) };
  }

  /**
   * Sets a clock wrong.
   * @param pick from 0 to 1: chooses by how much
   * @returns milliseconds by which it is ahead
   */
  shift(name: string, pick: number): number {
    const shift = shifts[Math.floor(pick * shifts.length)] as number;
    this.#write(name, shift);
    return shift;
  }

  right(name: string): void {
    this.#write(name, 0);
  }

  #write(name: string, shift: number): void {
    const file = join(this.#folder, name);
    writeFileSync(`${file}.new`, String(shift));
    renameSync(`${file}.new`, file);
  }
}
