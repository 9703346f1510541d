import { systemCode } from './error-text.ts';
import { readText } from './read-text.ts';

/** Clock ticks of /proc in a second, see proc_pid_stat(5); Linux has had 100 everywhere since 2.6. */
export const ticks = 100;

/** What /proc/<pid>/stat tells of a process. Times are in clock ticks. */
export interface ProcessStat {
  /** one letter, such as Z for a zombie */
  state: string;
  parent: number;
  /** processor time that it has used */
  used: number;
  /** when it was started, since the boot */
  startedAt: string;
}

/** Reads proc_pid_stat(5); undefined where there is no such process, or /proc hides it. */
export function statOf(pid: number | undefined): ProcessStat | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // the second field, a name in parentheses, may contain spaces and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent = ''] = fields;
  return { state, parent: Number(parent), used: Number(fields[11]) + Number(fields[12]), startedAt: fields[19] ?? '' };
}

/** The first child of a process; undefined where it has none. */
export function firstChildOf(pid: number | undefined): number | undefined {
  return Number(readText(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ')[0]) || undefined;
}

/**
 * Sends a signal to a process.
 * @param pid a negative one is a Unix process group
 * @returns false where it does not exist any more, or not yet
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether a process exists, also one of another user that /proc hides. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}
