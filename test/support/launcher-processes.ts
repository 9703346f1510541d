import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesWith } from './seen-processes.ts';

const program = join(import.meta.dirname, '../../src/runner/launcher/process.ts');

/** The launchers of this process. */
export function launchers(): number[] {
  return launcherProcessesOf(process.pid);
}

/** The launchers of another process. */
export function launcherProcessesOf(parent: number): number[] {
  return processesWith(program).filter((pid) => childrenOf(parent).includes(pid));
}

/** Whether a program that one of them started is running. */
export function areAtWork(): boolean {
  return launchers().some((pid) => childrenOf(pid).length > 0);
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
