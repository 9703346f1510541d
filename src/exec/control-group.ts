import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pause } from '../system/wait.ts';
import { type Limits, sizeText } from './limits.ts';

/** The first part of the names of groups, so that people know whose they are. */
const prefix = 'volt-job-';

/** What it means where none can be made, for people. */
export const withoutGroups =
  'this user may make no control groups here, so that memory is limited for each process, not for the job';
export const groupsRemedy =
  'Start it as root, as the service that comes with Volt, or by `systemd-run --user --scope --property=Delegate=yes`; docs/isolation.md tells more.';

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

  /** Whether this process may make groups, found out by trying. */
  static async isPossible(): Promise<boolean> {
    const group = ControlGroup.create(randomUUID(), { memory: 1_073_741_824, processes: 64 });
    await group?.remove();
    return group !== undefined;
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

/** What need not succeed: some kernels count no swap, or end no group as one, and processes end at any time. */
function optional(work: () => void): void {
  try {
    work();
  } catch {
    // what has to hold is done by itself, or seen later
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
    return mount === undefined ? undefined : unified(resolve(join(mount, own.get('') ?? '/')), mount);
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
 * A group that has processes of its own can have none below it that is limited. Where Volt is alone in its group, as in a
 * unit of systemd, it goes into one beside its jobs'; systemd leaves these as they are where it gave the group away
 * (`Delegate=`). Where others are in it, such as the shell of a session, the jobs' are made beside that group.
 */
export function unified(own: string, mount: string): Place | undefined {
  const home = basename(own) === 'volt' ? dirname(own) : own;
  const above = home === mount ? [] : [dirname(home)];
  const folder = isShared(home) || takeOver(home) ? home : above.find(isShared);
  return folder === undefined ? undefined : { version: 2, memory: folder, pids: folder };
}

/** Whether the groups in this one may be limited. */
function isShared(folder: string): boolean {
  return has(folder, 'cgroup.subtree_control');
}

/** @returns whether it was for Volt alone to do */
function takeOver(home: string): boolean {
  if (!has(home, 'cgroup.controllers')) return false;
  // the first group of a machine, which alone has no type, can have both processes and groups that are limited
  let isEmptied = !existsSync(join(home, 'cgroup.type'));
  // while some are moved, others end and the next are started
  for (let round = 0; !isEmptied && round < 20; round++) {
    const members = wordsOf(home, 'cgroup.procs').map(Number);
    if (!members.every(isOurs)) return false;
    optional(() => mkdirSync(join(home, 'volt')));
    for (const pid of members) optional(() => writeFileSync(join(home, 'volt', 'cgroup.procs'), String(pid)));
    isEmptied = members.length === 0;
  }
  writeFileSync(join(home, 'cgroup.subtree_control'), '+memory +pids');
  return true;
}

function has(folder: string, list: 'cgroup.controllers' | 'cgroup.subtree_control'): boolean {
  const names = wordsOf(folder, list);
  return names.includes('memory') && names.includes('pids');
}

function wordsOf(folder: string, file: string): string[] {
  return readFileSync(join(folder, file), 'utf8').split(/\s+/).filter(Boolean);
}

/** This process, or one that descends from it; one that is gone by now is nobody else's. */
function isOurs(pid: number): boolean {
  for (let each = pid; each > 0; ) {
    if (each === process.pid) return true;
    const parent = parentOf(each);
    if (parent === undefined) return each === pid;
    each = parent;
  }
  return false;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
