import { sizeText } from '../exec/limits.ts';
import { bytesOnDisk } from '../system/disk-use.ts';
import { runProgram } from '../system/run-program.ts';
import { every, type Repeating } from '../system/wait.ts';

/** Milliseconds between looks, and that one may take. */
const interval = 2000;
const longest = 60_000;

/** Watches what one job takes on the disk. */
export class DiskQuota {
  readonly #looking: Repeating | undefined;

  /**
   * @param most bytes; 0 for any number
   * @param folders what counts
   * @param exceeded is told once, with a sentence
   */
  constructor(most: number, folders: readonly string[], exceeded: (message: string) => void) {
    if (most === 0) return;
    let told = false;
    const look = async () => {
      const bytes = told ? 0 : await bytesOnDisk(folders, longest);
      if (bytes <= most) return;
      told = true;
      exceeded(`was ended: more than ${sizeText(most)} on the disk (${sizeText(bytes)})`);
    };
    this.#looking = every(interval, look, () => undefined);
  }

  async stop(): Promise<void> {
    await this.#looking?.stop();
  }
}

/**
 * Empties a home that alone would be too large for the next job, by find(1), which follows no link that another job of
 * the repository may put in its way meanwhile.
 * @param most bytes that a job may have
 */
export async function emptyIfLarge(home: string, most: number): Promise<boolean> {
  if ((await bytesOnDisk([home], longest)) <= most / 2) return false;
  const args = [home, '-xdev', '-mindepth', '1', '-delete'];
  await runProgram('find', args).catch(() => undefined);
  return true;
}
