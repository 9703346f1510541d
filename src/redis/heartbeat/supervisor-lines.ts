import { fstatSync, writeSync } from 'node:fs';
import { heartbeatText } from '../../kernel/supervisor-heartbeat.ts';
import { sinceBoot } from '../../system/clock.ts';

/** How many supervisors are told from another thread; of more, the main one tells the rest. */
const most = 512;
/** Numbers for each: the descriptor and one more, 0 for none; its inode; the id, -1 for none. */
const width = 3;

/** The lines of all process groups of a runner, which its threads share. */
export class SupervisorLines {
  readonly shared: Float64Array;

  constructor(
    shared: Float64Array = new Float64Array(new SharedArrayBuffer(most * width * Float64Array.BYTES_PER_ELEMENT)),
  ) {
    this.shared = shared;
  }

  /**
   * @param line.fd descriptor that this process can write to
   * @param line.id by which the process at its other end knows the supervisor; absent where the supervisor itself is there
   * @returns what takes it out again; undefined where there is no room
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

  /** Tells all of them. @param left seconds, of `ttl` */
  beat(left: number, ttl: number): void {
    const character = heartbeatText(left, ttl);
    for (let at = 0; at < this.shared.length; at += width) {
      const [place = 0, ino = 0, id = -1] = this.shared.subarray(at, at + width);
      if (place !== 0) tell(place - 1, ino, id < 0 ? character : `${id} ${character} ${sinceBoot()}\n`);
    }
  }
}

/** A number that was closed may belong to something else by now, so what it leads to is looked at first. */
function tell(fd: number, ino: number, text: string): void {
  try {
    if (fstatSync(fd).ino === ino) writeSync(fd, text);
  } catch {
    // the supervisor has ended, or has not read for so long that there is no room
  }
}
