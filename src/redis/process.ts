import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemCode } from '../kernel/errors.ts';
import { sinceBoot } from '../system/clock.ts';
import type { ProcessIdentity } from './membership.ts';

/**
 * The machine as this process sees it: the boot id of the kernel and the PID namespace, since containers share the kernel and not
 * the process ids. Without /proc each process counts as a machine of its own.
 */
const machine = (() => {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return randomUUID();
  }
})();

/** Clock ticks of /proc in a second, see proc_pid_stat(5); Linux has had 100 everywhere since 2.6. */
const ticks = 100;

const own = identify(process.pid);

/** The identity of this process. */
export function ownProcess(): ProcessIdentity {
  return own;
}

/** The identity of a process that this one has started. */
export function identify(pid: number): ProcessIdentity {
  return { host: hostname(), machine, pid, pidStart: startOf(pid) ?? '' };
}

/**
 * Whether the process is known to be gone. False also means unknown: it may be on another machine. A signal 0 finds a process of
 * another user that /proc hides.
 */
export function isSeenGone(other: ProcessIdentity): boolean {
  if (other.machine !== machine || other.pidStart === '') return false;
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return true;
  }
  const stat = statOf(other.pid);
  if (stat === undefined) return false;
  return stat.start !== other.pidStart || isDead(stat);
}

/** Age of a process in seconds, including suspends; undefined where it is not visible. */
export function ageOf(pid: number): number | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : sinceBoot() / 1000 - Number(start) / ticks;
}

function startOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat && !isDead(stat) ? stat.start : undefined;
}

/** A zombie counts as dead. */
function isDead({ state }: { state: string }): boolean {
  return state === 'Z' || state === 'X';
}

/** Fields 3 and 22 of /proc/<pid>/stat, see proc_pid_stat(5); undefined where it cannot be read. */
function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the second field, the name in parentheses, may contain spaces and parentheses
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
