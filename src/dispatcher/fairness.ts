import type { Write } from '../record/record.ts';
import { setVirtualFinish, virtualFinish, virtualTime } from '../record/virtual-time.ts';

/** BullMQ's largest priority; tags beyond it are all equal and keep the order of sending. */
const largestPriority = 2 ** 21 - 1;

/** How far the virtual time may run from the origin; the other half of the priorities is for what waits beyond it. */
const farthest = 2 ** 20;
/** Origins are multiples of this, so that dispatchers that look in the same moment choose the same. */
const stride = 2 ** 19;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing: A Scheduling Algorithm for Integrated Services
 * Packet Switching Networks", SIGCOMM 1996), with repositories as flows and jobs of length 1. A job's start tag is the
 * larger of the virtual time and its repository's last finish tag, so a repository with a thousand jobs waiting is
 * overtaken by one that has just woken up. Tags grow for ever, which 53 bits bear. A repository's share is one for all
 * its jobs, whatever labels they ask for.
 * @returns a start tag for each of `count` new jobs
 */
export async function startTags(db: Write, repo: string, count: number): Promise<number[]> {
  const first = Math.max(await virtualTime(db), await virtualFinish(db, repo));
  await setVirtualFinish(db, repo, first + count);
  return Array.from({ length: count }, (_, index) => first + index);
}

/**
 * The priority of a job's message: lower goes first, and 1 is the lowest that BullMQ orders. What lies before the origin
 * has waited the longest, and goes first.
 * @param origin the start tag from which priorities are counted
 */
export function priorityOf(startTag: number, origin: number): number {
  return Math.min(Math.max(startTag - origin + 1, 1), largestPriority);
}

/**
 * From where priorities are to be counted: from where they are, until the virtual time has run far from there. It may
 * run back a little, as when the newest of the jobs that run is the first to end; so the new origin lies well behind it.
 */
export function originFor(time: number, origin: number): number {
  const distance = time - origin;
  if (distance >= 0 && distance < farthest) return origin;
  return Math.max(Math.floor(time / stride) - 1, 0) * stride;
}
