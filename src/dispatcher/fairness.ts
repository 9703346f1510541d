import { isIdle, resetVirtualFinish, setVirtualFinish, virtualFinish, virtualTime } from '../record/open-jobs.ts';
import type { Write } from '../record/record.ts';

/** BullMQ's largest priority; tags beyond it are all equal and keep the order of sending. */
const largestPriority = 2 ** 21 - 1;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing: A Scheduling Algorithm for Integrated Services
 * Packet Switching Networks", SIGCOMM 1996), with repositories as flows and jobs of length 1. A job's start tag is the
 * larger of the virtual time and its repository's last finish tag, so a repository with a thousand jobs waiting is
 * overtaken by one that has just woken up. When no job is open, time begins anew, which keeps tags small.
 * @returns a start tag for each of `count` new jobs
 */
export async function startTags(db: Write, repo: string, count: number): Promise<number[]> {
  if (await isIdle(db)) await resetVirtualFinish(db);
  const first = Math.max(await virtualTime(db), await virtualFinish(db, repo));
  await setVirtualFinish(db, repo, first + count);
  return Array.from({ length: count }, (_, index) => first + index);
}

/** The priority of a job's message: lower goes first, and 1 is the lowest that BullMQ orders. */
export function priorityOf(startTag: number): number {
  return Math.min(startTag + 1, largestPriority);
}
