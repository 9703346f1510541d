import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Temporary folders of one test file; call `remove` in `after`. */
export class TestFolders {
  readonly #made: string[] = [];

  /** A new, empty folder. */
  make(): string {
    const folder = mkdtempSync(join(tmpdir(), 'volt-test-'));
    this.#made.push(folder);
    return folder;
  }

  remove = (): void => {
    for (const folder of this.#made.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
