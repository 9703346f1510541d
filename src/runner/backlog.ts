import { sizeText } from '../kernel/sizes.ts';
/** How much a runner may have finished without a record of it; with more it takes no jobs. */
export interface BacklogBounds {
  /** each keeps a file open, and its outcome is sent again every few seconds */
  attempts: number;
  /** bytes of outcomes and logs in Redis, whose memory all runners share */
  inRedis: number;
  /** bytes of logs that exist only on the disk of this runner */
  onDisk: number;
}

/** A Redis with one gigabyte has room for a dozen such runners. DiskWatch has a limit of its own for the disk. */
const most: BacklogBounds = { attempts: 200, inRedis: 64 * 1_048_576, onDisk: 1024 * 1_048_576 };

/** What is not recorded yet of one attempt. */
export interface Unrecorded {
  /** The attempt has ended. While it runs, the number of slots limits it. */
  readonly isOver: boolean;
  readonly inRedis: number;
  readonly onDisk: number;
}

/**
 * What a runner has finished and no reporter has recorded. Without a reporter, or with one that is too slow, it grows with
 * each job. When it is too large, the runner takes no jobs until it is smaller again.
 */
export class Backlog {
  readonly #unrecorded: () => Iterable<Unrecorded>;
  readonly #changed: () => void;
  #problem: string | undefined;

  /** @param changed is called when it becomes too large, and when it no longer is */
  constructor(unrecorded: () => Iterable<Unrecorded>, changed: () => void) {
    this.#unrecorded = unrecorded;
    this.#changed = changed;
  }

  /** Why no job is taken; undefined while jobs are taken. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** To be called when something was added to it, or recorded. */
  update(): void {
    const before = this.#problem;
    const sum: BacklogBounds = { attempts: 0, inRedis: 0, onDisk: 0 };
    for (const { isOver, inRedis, onDisk } of this.#unrecorded()) {
      if (!isOver) continue;
      sum.attempts++;
      sum.inRedis += inRedis;
      sum.onDisk += onDisk;
    }
    const isTooLarge = (Object.keys(most) as (keyof BacklogBounds)[]).some((key) => sum[key] >= most[key]);
    this.#problem = isTooLarge
      ? `no reporter has recorded its last ${sum.attempts} jobs with all of their logs (${sizeText(sum.inRedis)} in Redis, ${sizeText(sum.onDisk)} here only)`
      : undefined;
    if ((before === undefined) !== (this.#problem === undefined)) this.#changed();
  }
}
