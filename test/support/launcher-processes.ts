import { readFileSync } from 'node:fs';
import { argumentsOf } from './seen-processes.ts';

/** In the sources, and in the bundle of `npm test`. */
const program = /\/launcher(\/process\.ts|\.js)$/;

/** The launchers of this process. */
export function launchers(): number[] {
  return launcherProcessesOf(process.pid);
}

/** The launchers of another process. */
export function launcherProcessesOf(parent: number): number[] {
  return childrenOf(parent).filter((pid) => argumentsOf(pid).some((argument) => program.test(argument)));
}

/** Whether a program that one of them started is running. */
export function areAtWork(): boolean {
  return launchers().some((pid) => childrenOf(pid).length > 0);
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
