import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { sizeText } from '../kernel/sizes.ts';
import { statOf } from '../system/processes.ts';
import { readText } from '../system/read-text.ts';
import { pause } from '../system/wait.ts';
import type { Limits } from './limits.ts';

/** Prefix of the names of groups, so that people see that they are Volt's. */
const prefix = 'volt-job-';

/** What users see when no control group can be made. */
export const withoutGroups =
  'this user cannot make control groups here, so the memory limit applies to each process, not to the whole job';
export const groupsRemedy =
  'Start it as root, as the service that comes with Volt, or with `systemd-run --user --scope --property=Delegate=yes`; see docs/isolation.md.';

/** The folders in which groups are made: the same for both controllers, except in version 1 of cgroups. */
interface ParentFolders {
  version: 1 | 2;
  memory: string;
  pids: string;
}

/**
 * Limits what all processes of one job use together. See https://docs.kernel.org/admin-guide/cgroup-v2.html and, for
 * version 1, .../cgroup-v1/memory.html.
 */
export class ControlGroup {
  readonly #parents: ParentFolders;
  /** of the memory controller, and of the pids controller where it has another */
  readonly #folders: string[];
  readonly #limits: Limits;

  private constructor(parents: ParentFolders, folders: string[], limits: Limits) {
    this.#parents = parents;
    this.#folders = folders;
    this.#limits = limits;
  }

  /** Tries whether this process can make groups. */
  static async isPossible(): Promise<boolean> {
    const group = ControlGroup.create(randomUUID(), { memory: 1_073_741_824, processes: 64 });
    await group?.remove();
    return group !== undefined;
  }

  /** @returns undefined where this process cannot make groups */
  static create(name: string, limits: Limits): ControlGroup | undefined {
    const parents = findParents();
    if (!parents) return undefined;
    const distinct = [...new Set([parents.memory, parents.pids])];
    for (const parent of distinct) sweep(parent);
    const folders = distinct.map((parent) => join(parent, `${prefix}${process.pid}-${name}`));
    try {
      for (const folder of folders) mkdirSync(folder);
      const group = new ControlGroup(parents, folders, limits);
      group.#limit();
      return group;
    } catch {
      for (const folder of folders) removeFolder(folder);
      return undefined;
    }
  }

  /** The shell command by which a shell of Volt joins the group. */
  get joining(): string {
    return this.#folders.map((folder) => `echo $$ >'${join(folder, 'cgroup.procs')}'`).join(' && ');
  }

  /** The limit that the job reached, as part of a sentence; undefined if it reached none. */
  breach(): string | undefined {
    const { memory, processes } = this.#limits;
    const events = this.#parents.version === 2 ? 'memory.events' : 'memory.oom_control';
    if (memory !== undefined && this.#count(events, 'oom_kill') > 0)
      return `was ended: more than ${sizeText(memory)} of memory`;
    if (processes !== undefined && this.#count('pids.events', 'max') > 0)
      return `had more than ${processes} processes at once`;
    return undefined;
  }

  /** Removes the group, whose processes have ended or are about to end. */
  async remove(): Promise<void> {
    for (const folder of this.#folders) {
      for (let attempt = 0; attempt < 50 && !removeFolder(folder); attempt++) await pause(20);
    }
  }

  #limit(): void {
    const { memory, processes } = this.#limits;
    const set = (file: string, value: number) => writeFileSync(this.#file(file), String(value));
    if (memory !== undefined && this.#parents.version === 2) {
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
    const text = readText(this.#file(file)) ?? '';
    return Number(new RegExp(`^${event} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  }

  #file(name: string): string {
    const folder = name.startsWith('pids.') ? this.#folders.at(-1) : this.#folders[0];
    return join(folder as string, name);
  }
}

/** Ignores a failure: some kernels have no limit for swap, or cannot kill a group as one, and processes end at any time. */
function optional(work: () => void): void {
  try {
    work();
  } catch {
    // what must succeed does not go through here, or is checked later
  }
}

/** Removes groups of Volts that were killed. A group with processes in it stays. */
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

function findParents(): ParentFolders | undefined {
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
 * Finds the group in which groups for jobs can be made. The kernel allows no limited groups inside a group that has processes.
 * If Volt is alone in its group, as in a unit of systemd with `Delegate=`, it moves itself into a group `volt` inside of it. If
 * other processes are in the group, such as the shell of a session, groups for jobs are made next to it.
 */
export function unified(own: string, mount: string): ParentFolders | undefined {
  const home = basename(own) === 'volt' ? dirname(own) : own;
  const above = home === mount ? [] : [dirname(home)];
  const folder = isShared(home) || takeOver(home) ? home : above.find(isShared);
  return folder === undefined ? undefined : { version: 2, memory: folder, pids: folder };
}

/** Whether groups inside this one can have limits. */
function isShared(folder: string): boolean {
  return has(folder, 'cgroup.subtree_control');
}

/**
 * Moves Volt into a group inside this one, and turns on limits.
 * @returns false where other processes are in the group
 */
function takeOver(home: string): boolean {
  if (!has(home, 'cgroup.controllers')) return false;
  // the root group, which alone has no type, can have both processes and limited groups
  let isEmptied = !existsSync(join(home, 'cgroup.type'));
  // processes start and end during the loop
  for (let round = 0; !isEmptied && round < 20; round++) {
    const members = valuesOf(home, 'cgroup.procs').map(Number);
    if (!members.every(isOurs)) return false;
    optional(() => mkdirSync(join(home, 'volt')));
    for (const pid of members) optional(() => writeFileSync(join(home, 'volt', 'cgroup.procs'), String(pid)));
    isEmptied = members.length === 0;
  }
  writeFileSync(join(home, 'cgroup.subtree_control'), '+memory +pids');
  return true;
}

function has(folder: string, list: 'cgroup.controllers' | 'cgroup.subtree_control'): boolean {
  const names = valuesOf(folder, list);
  return names.includes('memory') && names.includes('pids');
}

function valuesOf(folder: string, file: string): string[] {
  return readFileSync(join(folder, file), 'utf8').split(/\s+/).filter(Boolean);
}

/** Whether a process is this one, descends from it, or has ended. */
function isOurs(pid: number): boolean {
  for (let each = pid; each > 0; ) {
    if (each === process.pid) return true;
    const parent = statOf(each)?.parent;
    if (parent === undefined) return each === pid;
    each = parent;
  }
  return false;
}
