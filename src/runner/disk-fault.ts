import { stat } from 'node:fs/promises';
import type { JobOutcome } from '../job/outcome.ts';
import { isTransient, type Reason } from '../kernel/model.ts';
import { sizeText } from '../kernel/sizes.ts';
import { bytesOnDisk } from '../system/disk-use.ts';
import type { DiskProblem } from './disk-watch.ts';

/** How often disks may be a reason to give the same job back. */
const mostReturns = 2;

/** Who caused the bad end of an attempt whose runner had a disk problem: nobody (the outcome counts), the job, or the runner. */
export type DiskFault = { kind: 'none' } | { kind: 'job'; outcome: JobOutcome } | { kind: 'runner'; message: string };

/**
 * Decides who is at fault if a job ended badly while the disk of its runner was full or broken. It is never the commit:
 * a command that cannot write says nothing about the commit. If the files in the job's workspace are larger than what is
 * missing on the disk, the job has filled the disk and would fill the next one, too: it ends as an error. Otherwise the
 * runner is at fault, and another one gets the job. The third time the job ends as an error all the same, since what a job
 * writes outside its workspace is not measured.
 * @param tried how many attempts of the job ended because of their runner; attempts that were lost, or given back because
 * their runner stopped, do not count
 */
export async function diskFault(
  outcome: JobOutcome,
  problem: DiskProblem | undefined,
  { workspace, tried, runner }: { workspace: string; tried: number; runner: string },
): Promise<DiskFault> {
  const { status, reason, exitCode } = outcome;
  // a full disk may cause these
  const isDoubtful = status === 'failure' || (status === 'error' && isTransient(reason));
  if (!problem || !isDoubtful) return { kind: 'none' };
  const about = `the job ended (${outcome.message ?? status}) while runner ${runner} could not work: ${problem.message}`;
  const own = problem.short ? await sizeOf(workspace, problem.short.device) : 0;
  if (problem.short && own >= problem.short.bytes) {
    const message = `${about}; the job itself had written ${sizeText(own)} into its workspace`;
    return { kind: 'job', outcome: { status: 'error', reason: 'disk_full', message, exitCode } };
  }
  if (tried < mostReturns) return { kind: 'runner', message: about };
  const why: Reason = problem.short ? 'disk_full' : 'runner_failed';
  const message = `${about}; the job is not given back again`;
  return { kind: 'job', outcome: { status: 'error', reason: why, message, exitCode } };
}

/** Bytes that a folder uses on that device; 0 if that is unknown. */
async function sizeOf(folder: string, device: number | undefined): Promise<number> {
  try {
    if ((await stat(folder)).dev !== device) return 0;
    return await bytesOnDisk([folder], 60_000);
  } catch {
    return 0;
  }
}
