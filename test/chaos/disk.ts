import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `memory` loses nothing that a program has written; `image` can lose its power. */
type Medium = 'memory' | 'image';

/** The kernel's FS_IOC_SHUTDOWN, with the flag not to write the journal first: like a loss of power. */
const shutDown =
  'open(my $disk, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($disk, 0x8004587d, $how) or die $!';

/** A small disk that can be filled; needs root. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;
  #image: string | undefined;
  #starts = 0;

  private constructor(folder: string, megabytes: number, medium: Medium) {
    this.folder = folder;
    this.#ballast = join(folder, 'ballast');
    mkdirSync(folder, { recursive: true });
    if (medium === 'memory') {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
      return;
    }
    this.#image = `${folder}.image`;
    writeFileSync(this.#image, '');
    truncateSync(this.#image, megabytes * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', this.#image]);
    this.#mount();
  }

  /** @returns undefined if this user or system cannot make one */
  static mount(folder: string, megabytes: number, medium: Medium = 'memory'): SmallDisk | undefined {
    try {
      return new SmallDisk(folder, megabytes, medium);
    } catch {
      return undefined;
    }
  }

  /** Fills the disk. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    // others may take room at the same moment
    for (let bytes = bavail * bsize; bytes >= bsize; bytes = Math.floor(bytes / 2)) {
      try {
        execFileSync('fallocate', ['--length', String(bytes), this.#ballast], { stdio: 'ignore' });
        return;
      } catch {
        rmSync(this.#ballast, { force: true });
      }
    }
  }

  /** Frees the room again. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Cuts the power: loses everything that was not synced and that the kernel has not written, and refuses writes. */
  cutPower(): void {
    execFileSync('perl', ['-e', shutDown, this.folder]);
  }

  /** Brings the disk back, as after a start of the machine. */
  restorePower(): void {
    const image = `${this.folder}.${++this.#starts}.image`;
    // a job that survives in its own mount namespace keeps the old mount, which would bring back the old content
    execFileSync('umount', ['--lazy', this.folder]);
    execFileSync('cp', ['--sparse=always', this.#image ?? '', image]);
    rmSync(this.#image ?? '');
    this.#image = image;
    this.#mount();
  }

  close(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    if (this.#image !== undefined) rmSync(this.#image);
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image ?? '', this.folder]);
  }
}
