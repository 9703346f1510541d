import { stat } from 'node:fs/promises';
import type { JobOutcome } from '../job/ending.ts';
import { mayPass, type Reason } from '../kernel/model.ts';
import { bytesOnDisk } from '../system/disk-use.ts';
import type { DiskProblem } from './disk-watch.ts';

/** A job that was handed back for this many attempts less one is not handed back for a disk again. */
const lastAttempt = 3;

/** What an attempt came to when the disk of its runner had a problem while it ran. */
export type Blame = { kind: 'none' } | { kind: 'job'; outcome: JobOutcome } | { kind: 'runner'; message: string };

/**
 * Whose fault it was that a job ended badly while the disk of its runner was full or broken. Never the commit's: what
 * a command does that cannot write tells nothing of the commit. Where what is in the job's own workspace would make up
 * for what is missing, the job has filled the disk, would fill the next one too, and ends as an error. Else the runner
 * is at fault, and another one gets the job; but not for ever: from the third attempt on it ends as an error all the
 * same, since what a job writes outside of its workspace is not counted.
 */
export async function blameFor(
  outcome: JobOutcome,
  problem: DiskProblem | undefined,
  { workspace, attempt, runner }: { workspace: string; attempt: number; runner: string },
): Promise<Blame> {
  const { status, reason, exitCode } = outcome;
  // a full disk brings these about, too
  const isDoubtful = status === 'failure' || (status === 'error' && mayPass(reason));
  if (!problem || !isDoubtful) return { kind: 'none' };
  const about = `the job ended (${outcome.message ?? status}) while runner ${runner} could not work: ${problem.message}`;
  const own = problem.short ? await sizeOf(workspace, problem.short.device) : 0;
  if (problem.short && own >= problem.short.bytes) {
    const message = `${about}; the job itself had written ${Math.round(own / 1_048_576)} MB into its workspace`;
    return { kind: 'job', outcome: { status: 'error', reason: 'disk_full', message, exitCode } };
  }
  if (attempt < lastAttempt) return { kind: 'runner', message: about };
  const why: Reason = problem.short ? 'disk_full' : 'runner_failed';
  const message = `${about}; it is not handed back again`;
  return { kind: 'job', outcome: { status: 'error', reason: why, message, exitCode } };
}

/** Bytes that a folder takes up on the given device; 0 where that cannot be told. */
async function sizeOf(folder: string, device: number | undefined): Promise<number> {
  try {
    if ((await stat(folder)).dev !== device) return 0;
    return await bytesOnDisk([folder], 60_000);
  } catch {
    return 0;
  }
}
