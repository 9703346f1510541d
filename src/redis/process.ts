import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessIdentity } from './membership.ts';

/**
 * What this process sees as "the machine": the boot of the kernel and the PID namespace. Two containers share the
 * kernel but not the numbers of processes. Without /proc each process counts as a machine of its own.
 */
const machine = (() => {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return randomUUID();
  }
})();

/** This process, as others may recognise it. */
export function ownProcess(): ProcessIdentity {
  return identify(process.pid);
}

/** A process that this one has started. */
export function identify(pid: number): ProcessIdentity {
  return { host: hostname(), machine, pid, pidStart: startOf(pid) ?? '' };
}

/**
 * Whether the process is seen to be gone by us, on its own machine. False also means "cannot be told from here".
 * A zombie is gone: it runs nothing any more.
 */
export function isSeenGone(other: ProcessIdentity): boolean {
  if (other.machine !== machine || other.pidStart === '') return false;
  return startOf(other.pid) !== other.pidStart;
}

/** Field 22 of /proc/<pid>/stat, see proc_pid_stat(5); undefined where there is no such live process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the command's name stands in parentheses and may itself hold spaces and parentheses
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
