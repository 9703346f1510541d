import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pause } from '../kernel/wait.ts';
import { type Limits, sizeText } from './limits.ts';

/** The first part of the names of groups, so that people know whose they are. */
const prefix = 'volt-job-';

/** Where groups are made: one folder for both controllers, or one for each with the first version of cgroups. */
interface Place {
  version: 1 | 2;
  memory: string;
  pids: string;
}

/**
 * Counts and limits what the processes of one job take together, see
 * https://docs.kernel.org/admin-guide/cgroup-v2.html and, for the first version, .../cgroup-v1/memory.html.
 */
export class ControlGroup {
  readonly #place: Place;
  /** that of memory, and that of pids where it is another */
  readonly #folders: string[];
  readonly #limits: Limits;

  private constructor(place: Place, folders: string[], limits: Limits) {
    this.#place = place;
    this.#folders = folders;
    this.#limits = limits;
  }

  /** @returns undefined where this process may make no groups */
  static create(name: string, limits: Limits): ControlGroup | undefined {
    const place = findPlace();
    if (!place) return undefined;
    const parents = [...new Set([place.memory, place.pids])];
    for (const parent of parents) sweep(parent);
    const folders = parents.map((parent) => join(parent, `${prefix}${process.pid}-${name}`));
    try {
      for (const folder of folders) mkdirSync(folder);
      const group = new ControlGroup(place, folders, limits);
      group.#limit();
      return group;
    } catch {
      for (const folder of folders) removeFolder(folder);
      return undefined;
    }
  }

  /** What a shell of Volt's own says to become a part of it. */
  get joining(): string {
    return this.#folders.map((folder) => `echo $$ >'${join(folder, 'cgroup.procs')}'`).join(' && ');
  }

  /** What limit was met, as a sentence; undefined where none was. */
  breach(): string | undefined {
    const { memory, processes } = this.#limits;
    const events = this.#place.version === 2 ? 'memory.events' : 'memory.oom_control';
    if (memory !== undefined && this.#count(events, 'oom_kill') > 0)
      return `was ended: more than ${sizeText(memory)} of memory`;
    if (processes !== undefined && this.#count('pids.events', 'max') > 0)
      return `had more than ${processes} processes at once`;
    return undefined;
  }

  /** Its processes must be gone, or on their way. */
  async remove(): Promise<void> {
    for (const folder of this.#folders) {
      for (let attempt = 0; attempt < 50 && !removeFolder(folder); attempt++) await pause(20);
    }
  }

  #limit(): void {
    const { memory, processes } = this.#limits;
    const set = (file: string, value: number) => writeFileSync(this.#file(file), String(value));
    if (memory !== undefined && this.#place.version === 2) {
      set('memory.max', memory);
      optional(() => set('memory.swap.max', 0));
      optional(() => set('memory.oom.group', 1));
    } else if (memory !== undefined) {
      set('memory.limit_in_bytes', memory);
      optional(() => set('memory.memsw.limit_in_bytes', memory));
    }
    if (processes !== undefined) set('pids.max', processes);
  }

  #count(file: string, event: string): number {
    try {
      const text = readFileSync(this.#file(file), 'utf8');
      return Number(new RegExp(`^${event} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    } catch {
      return 0;
    }
  }

  #file(name: string): string {
    const folder = name.startsWith('pids.') ? this.#folders.at(-1) : this.#folders[0];
    return join(folder as string, name);
  }
}

/** Some kernels count no swap, or end no group as one. */
function optional(work: () => void): void {
  try {
    work();
  } catch {
    // the limit itself holds all the same
  }
}

/** Takes away what a process that was killed could not; a group with processes in it stays. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeFolder(join(parent, name));
  }
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function findPlace(): Place | undefined {
  try {
    const own = new Map(
      readFileSync('/proc/self/cgroup', 'utf8')
        .trim()
        .split('\n')
        .flatMap((line) => {
          const [, names = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
          return names.split(',').map((name) => [name, path] as const);
        }),
    );
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const [memory, pids] = (['memory', 'pids'] as const).map((name) => {
      const path = own.get(name);
      const mount = path === undefined ? undefined : mountOf(mounts, 'cgroup', name);
      return mount && join(mount, path as string);
    });
    if (memory !== undefined && pids !== undefined) return { version: 1, memory, pids };
    const mount = mountOf(mounts, 'cgroup2', '');
    return mount === undefined ? undefined : unified(join(mount, own.get('') ?? '/'), mount);
  } catch {
    return undefined;
  }
}

/** The folder at which a hierarchy of control groups is mounted, see proc_pid_mountinfo(5). */
function mountOf(mounts: readonly string[], type: string, controller: string): string | undefined {
  for (const line of mounts) {
    const [before = '', after = ''] = line.split(' - ');
    const [found, , options = ''] = after.split(' ');
    if (found === type && (controller === '' || options.split(',').includes(controller))) return before.split(' ')[4];
  }
  return undefined;
}

/**
 * A group that has processes of its own can have none below it that is limited, so Volt goes into one beside its jobs'.
 * That takes a group that was given to Volt alone, as systemd does it with `Delegate=`.
 */
function unified(own: string, mount: string): Place | undefined {
  const home = basename(own) === 'volt' ? join(own, '..') : own;
  const read = (file: string) => readFileSync(join(home, file), 'utf8').trim().split(/\s+/).filter(Boolean);
  if (!['memory', 'pids'].every((name) => read('cgroup.controllers').includes(name))) return undefined;
  if (!['memory', 'pids'].every((name) => read('cgroup.subtree_control').includes(name))) {
    const members = read('cgroup.procs').map(Number);
    if (join(home) !== join(mount) && members.length > 0) {
      if (!members.every(isOurs)) return undefined;
      optional(() => mkdirSync(join(home, 'volt')));
      for (const pid of members) writeFileSync(join(home, 'volt', 'cgroup.procs'), String(pid));
    }
    writeFileSync(join(home, 'cgroup.subtree_control'), '+memory +pids');
  }
  return { version: 2, memory: home, pids: home };
}

/** This process, or one that descends from it. */
function isOurs(pid: number): boolean {
  for (let each = pid; each > 1; ) {
    if (each === process.pid) return true;
    const stat = readFileSync(`/proc/${each}/stat`, 'utf8');
    each = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  return false;
}
