import { readlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

type Sync = FileHandle['datasync'];

/** A disk that takes its time: what asks it to keep the record's log waits until it is let go. */
export class HeldDisk {
  readonly #prototype: { datasync: Sync };
  readonly #sync: Sync;
  #open = false;
  #waiting: (() => void)[] = [];
  /** how often it was asked */
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

  static async hold(): Promise<HeldDisk> {
    const file = await open('/dev/null', 'r');
    await file.close();
    return new HeldDisk(Object.getPrototypeOf(file) as { datasync: Sync });
  }

  /** Lets those go that wait now. */
  turn(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Lets everything go, for good. */
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
