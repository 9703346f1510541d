/** What a runner may owe the record of attempts that are over, before it begins no more. */
export interface BacklogBounds {
  /** each keeps a file open, and is told again every few seconds */
  attempts: number;
  /** bytes of outcomes and logs that lie in Redis, whose memory all share */
  inRedis: number;
  /** bytes of logs that are nowhere but on the disk of this runner */
  onDisk: number;
}

/** Redis with a gigabyte has room for a dozen of such runners; the disk has a floor of its own, see DiskWatch. */
const most: BacklogBounds = { attempts: 200, inRedis: 64 * 1_048_576, onDisk: 1024 * 1_048_576 };

/** What one attempt owes. */
export interface Owed {
  /** it has ended; while it runs, it is bounded by the slots */
  readonly isOver: boolean;
  readonly inRedis: number;
  readonly onDisk: number;
}

/**
 * What a runner has finished and nobody has recorded: while there is no reporter, or none that keeps up, that grows with each
 * job. A runner that owes too much takes none until what it owes is less again.
 */
export class Backlog {
  readonly #owed: () => Iterable<Owed>;
  readonly #changed: () => void;
  #problem: string | undefined;

  /** @param changed is called when it has become too large, or is so no more */
  constructor(owed: () => Iterable<Owed>, changed: () => void) {
    this.#owed = owed;
    this.#changed = changed;
  }

  /** Why no job is taken; undefined while they are. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Something has been added to it, or taken away. */
  look(): void {
    const before = this.#problem;
    const sum: BacklogBounds = { attempts: 0, inRedis: 0, onDisk: 0 };
    for (const { isOver, inRedis, onDisk } of this.#owed()) {
      if (!isOver) continue;
      sum.attempts++;
      sum.inRedis += inRedis;
      sum.onDisk += onDisk;
    }
    const isTooLarge = (Object.keys(most) as (keyof BacklogBounds)[]).some((key) => sum[key] >= most[key]);
    this.#problem = isTooLarge
      ? `no reporter has recorded its last ${sum.attempts} jobs with all of their logs (${megabytes(sum.inRedis)} in Redis, ${megabytes(sum.onDisk)} here only)`
      : undefined;
    if ((before === undefined) !== (this.#problem === undefined)) this.#changed();
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
