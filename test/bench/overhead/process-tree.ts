import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Clock ticks in a second in /proc; the kernel's USER_HZ, which is 100 on every Linux that Node runs on. */
const ticks = 100;

/** A process and its descendants. */
export class ProcessTree {
  readonly #root: number;

  constructor(root: number) {
    this.#root = root;
  }

  /** Their memory in MB; shared memory is divided among them (proportional set size). */
  memory(): number {
    const kB = this.#all().map((pid) => Number(/^Pss:\s+(\d+)/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0));
    return kB.reduce((sum, size) => sum + size, 0) / 1024;
  }

  /**
   * The part of one core that they use over so many seconds. A process that ends in this time counts with its parent, so
   * what it used before is taken off.
   */
  async load(seconds: number): Promise<number> {
    const before = this.#times();
    await pause(seconds * 1000);
    const total = (times: ReadonlyMap<number, number>) => [...times.values()].reduce((sum, time) => sum + time, 0);
    return (total(this.#times()) - total(before)) / seconds;
  }

  /** Processor seconds by process. */
  #times(): Map<number, number> {
    // reaped children count with their parent, so a short-lived process is not missed
    return new Map(
      this.#all().map((pid) => [
        pid,
        fields(pid)
          .slice(11, 15)
          .reduce((sum, part) => sum + Number(part), 0) / ticks,
      ]),
    );
  }

  #all(): number[] {
    const children = new Map<number, number[]>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const parent = Number(fields(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    }
    const found: number[] = [];
    const walk = (pid: number) => {
      found.push(pid);
      for (const child of children.get(pid) ?? []) walk(child);
    };
    walk(this.#root);
    return found;
  }
}

/** The fields of /proc/PID/stat after the program's name: the state, the parent's pid, and so on; see proc(5). */
function fields(pid: number): string[] {
  const text = read(pid, 'stat');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    // it has ended
    return '';
  }
}
