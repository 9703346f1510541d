import { readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

type Sync = FileHandle['datasync'];

/** A slow disk: calls that sync the database's log wait until the test releases them. */
export class SlowDisk {
  readonly #prototype: { datasync: Sync };
  readonly #sync: Sync;
  #open = false;
  #waiting: (() => void)[] = [];
  /** number of sync calls */
  asked = 0;

  private constructor(prototype: { datasync: Sync }) {
    const disk = this;
    this.#prototype = prototype;
    this.#sync = prototype.datasync;
    prototype.datasync = async function (this: FileHandle) {
      if (readlinkSync(`/proc/self/fd/${this.fd}`).endsWith('.db-wal')) await disk.#wait();
      return disk.#sync.call(this);
    };
  }

  static async hold(): Promise<SlowDisk> {
    const file = await open('/dev/null', 'r');
    await file.close();
    return new SlowDisk(Object.getPrototypeOf(file) as { datasync: Sync });
  }

  /** Releases the waiting calls. */
  turn(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Releases all calls from now on. */
  release(): void {
    this.#open = true;
    this.#prototype.datasync = this.#sync;
    this.turn();
  }

  async #wait(): Promise<void> {
    this.asked++;
    if (this.#open) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
