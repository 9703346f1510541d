import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** A small disk of its own in memory, which can be filled. Only root may make one. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string, megabytes: number) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  }

  /** @returns undefined where this user or system cannot make one */
  static mount(folder: string, megabytes: number): SmallDisk | undefined {
    try {
      return new SmallDisk(folder, megabytes);
    } catch {
      return undefined;
    }
  }

  /** Takes all room that there is. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    // what somebody else takes in the same moment is not there any more
    for (let bytes = bavail * bsize; bytes >= bsize; bytes = Math.floor(bytes / 2)) {
      try {
        execFileSync('fallocate', ['--length', String(bytes), this.#ballast], { stdio: 'ignore' });
        return;
      } catch {
        rmSync(this.#ballast, { force: true });
      }
    }
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  close(): void {
    execFileSync('umount', ['--lazy', this.folder]);
  }
}
