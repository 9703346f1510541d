import { readdirSync, readFileSync } from 'node:fs';

let made = 0;

/** An argument for `sleep` that distinguishes its process from every other one on this machine. */
export function longSleep(): string {
  return `86400.${process.pid}${++made}`;
}

/** The processes of this machine that have this text in their arguments, without zombies. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(Number(name)).includes(text))
    .map(Number);
}

/** The programs of this name that a process has started, also through others. */
export function startedBy(pid: number, name: string): number[] {
  // each of its threads may have started some
  const threads = filesIn(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) => textOf(`/proc/${pid}/task/${thread}/children`).match(/\d+/g) ?? []);
  return children
    .map(Number)
    .flatMap((child) => [...(isRunning(child, name) ? [child] : []), ...startedBy(child, name)]);
}

/** Whether a process runs a program of this name; not if it is a zombie. */
export function isRunning(pid: number, name: string): boolean {
  return textOf(`/proc/${pid}/comm`).trim() === name && argumentsOf(pid).length > 1;
}

/**
 * The processes by which podman watches containers, and commands in them.
 * @param folder of the engine
 */
export function watchersOf(folder: string): number[] {
  return processesIn(folder).filter((pid) => isRunning(pid, 'conmon'));
}

/** The processes whose arguments name a path in a folder. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => argumentsOf(pid).some((argument) => argument.includes(`${folder}/`)));
}

/** The arguments of a process; one empty text where it has ended. */
export function argumentsOf(pid: number): string[] {
  return textOf(`/proc/${pid}/cmdline`).split('\0');
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Nothing if the process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
