import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `memory` forgets nothing that a program has written; `image` has a power that can be cut. */
type Medium = 'memory' | 'image';

/** The kernel's FS_IOC_SHUTDOWN, and that the journal is not to be written before: as a file system is when its power goes. */
const shutDown =
  'open(my $disk, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($disk, 0x8004587d, $how) or die $!';

/** A small disk of its own, which can be filled. Only root may make one. */
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

  /** @returns undefined where this user or system cannot make one */
  static mount(folder: string, megabytes: number, medium: Medium = 'memory'): SmallDisk | undefined {
    try {
      return new SmallDisk(folder, megabytes, medium);
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

  /** What was not synchronised, and the kernel has not written by itself, is gone; nothing can be written any more. */
  cutPower(): void {
    execFileSync('perl', ['-e', shutDown, this.folder]);
  }

  /** As after the start of a machine. */
  restorePower(): void {
    const image = `${this.folder}.${++this.#starts}.image`;
    // a job that lives on in a mount namespace of its own keeps the old one, and would have it come back as it is
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
