import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sinceBoot } from '../system/clock.ts';
import { isAlive, type ProcessStat, statOf, ticks } from '../system/processes.ts';
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

const own = identify(process.pid);

export function ownProcess(): ProcessIdentity {
  return own;
}

/** The identity of a process that this one has started. */
export function identify(pid: number): ProcessIdentity {
  return { host: hostname(), machine, pid, pidStart: startOf(pid) ?? '' };
}

/** Whether the process is known to be gone. False also means unknown: it may be on another machine. */
export function isSeenGone(other: ProcessIdentity): boolean {
  if (other.machine !== machine || other.pidStart === '') return false;
  if (!isAlive(other.pid)) return true;
  const stat = statOf(other.pid);
  return stat !== undefined && (stat.startedAt !== other.pidStart || isDead(stat));
}

/** Age of a process in seconds, including suspends; undefined where it is not visible. */
export function ageOf(pid: number): number | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : sinceBoot() / 1000 - Number(start) / ticks;
}

function startOf(pid: number): string | undefined {
  const stat = statOf(pid);
  return stat && !isDead(stat) ? stat.startedAt : undefined;
}

/** A zombie counts as dead. */
function isDead({ state }: ProcessStat): boolean {
  return state === 'Z' || state === 'X';
}
