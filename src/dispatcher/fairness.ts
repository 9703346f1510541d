import type { Write } from '../record/database.ts';
import { labelSetsOf, type StartTags } from '../record/virtual-time.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { listRunners } from '../redis/membership.ts';
import { yieldToOthers } from '../system/event-loop.ts';
import { TurnBook } from './turn-book.ts';

/** BullMQ's largest priority; tags beyond it are all equal and keep the order of sending. */
const largestPriority = 2 ** 21 - 1;

/** How far the virtual time may run from the origin; the other half of the priorities is for what waits beyond it. */
const farthest = 2 ** 20;
/** Origins are multiples of this, so that dispatchers that look in the same moment choose the same. */
const stride = 2 ** 19;

/** What else there is to know of jobs that are being queued. */
interface Circumstances {
  /** the labels that each runner offers; while there is none, any two label sets may come to share one */
  fleet?: readonly (readonly string[])[];
  /** whether their build has begun before, and goes on with them */
  goesOn?: boolean;
}

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing: A Scheduling Algorithm for Integrated Services
 * Packet Switching Networks", SIGCOMM 1996), with repositories as flows, jobs of length 1, and a virtual time for each
 * label set, since each is served at a pace of its own. A job's start tag is that time and, beyond it, as many turns as
 * its repository has planned ahead; so a repository with a thousand jobs waiting is overtaken by one that has just woken
 * up. See turn-book.ts. A job gets its tag when it is queued: one that waits for others takes no turn.
 * @param jobs the labels that each of them asks for
 */
export async function startTags(
  db: Write,
  repo: string,
  jobs: readonly string[][],
  { fleet = [], goesOn = false }: Circumstances = {},
): Promise<number[]> {
  if (jobs.length === 0) return [];
  const { sets, origin } = await labelSetsOf(db, repo);
  const book = new TurnBook(sets, fleet, origin);
  const tags: number[] = [];
  for (const labels of jobs) {
    await yieldToOthers();
    tags.push(book.take(labels, goesOn));
  }
  await book.write(db, repo);
  return tags;
}

/** As `startTags`, with the fleet as it is now. */
export async function startTagsNow(access: RedisAccess, goesOn = false): Promise<StartTags> {
  const { alive } = await listRunners(access);
  const fleet = alive.map(({ labels }) => labels);
  return (db, repo, jobs) => startTags(db, repo, jobs, { fleet, goesOn });
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
 * From where priorities are to be counted: from where they are, until the virtual time has run far from there; then from
 * the lowest tag that is queued. One that stands still, as for a label that no runner has, is left behind where the others
 * would have no room. It never moves back.
 * @param lowest the smallest tag that is queued, null where none is
 * @param highest the largest tag that has been started
 */
export function originFor({ lowest, highest }: { lowest: number | null; highest: number }, origin: number): number {
  if (highest - origin < farthest) return origin;
  const next = Math.max(Math.min(lowest ?? highest, highest), highest - farthest);
  return Math.max(Math.floor(next / stride) * stride, origin);
}
