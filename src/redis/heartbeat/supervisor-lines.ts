import { fstatSync, writeSync } from 'node:fs';
import { heartbeatText } from '../../kernel/supervisor-heartbeat.ts';
import { sinceBoot } from '../../system/clock.ts';

/** Supervisors that the heartbeat thread renews; the main thread renews further ones. */
const most = 512;
/** Numbers for each: the descriptor plus 1, 0 for none; its inode; the id, -1 for none. */
const width = 3;

/** The pipes to the supervisors of all process groups of a runner, shared by its threads. */
export class SupervisorLines {
  readonly shared: Float64Array;

  constructor(
    shared: Float64Array = new Float64Array(new SharedArrayBuffer(most * width * Float64Array.BYTES_PER_ELEMENT)),
  ) {
    this.shared = shared;
  }

  /**
   * @param line.fd descriptor that this process can write to
   * @param line.id of the supervisor for the launcher at the other end; absent where the supervisor itself reads
   * @returns removes it again; undefined when the table is full
   */
  add({ fd, id = -1 }: { fd: number; id?: number }): (() => void) | undefined {
    for (let at = 0; at < this.shared.length; at += width) {
      if (this.shared[at] !== 0) continue;
      this.shared[at + 1] = fstatSync(fd).ino;
      this.shared[at + 2] = id;
      this.shared[at] = fd + 1;
      return () => {
        this.shared[at] = 0;
      };
    }
    return undefined;
  }

  /** Sends a heartbeat to all. @param left seconds of the lease's `ttl` */
  beat(left: number, ttl: number): void {
    const character = heartbeatText(left, ttl);
    for (let at = 0; at < this.shared.length; at += width) {
      const [slot = 0, ino = 0, id = -1] = this.shared.subarray(at, at + width);
      if (slot !== 0) write(slot - 1, ino, id < 0 ? character : `${id} ${character} ${sinceBoot()}\n`);
    }
  }
}

/** Checks the inode first: a closed descriptor may be another file by now. */
function write(fd: number, ino: number, text: string): void {
  try {
    if (fstatSync(fd).ino === ino) writeSync(fd, text);
  } catch {
    // the supervisor has ended, or the pipe is full because it does not read
  }
}
