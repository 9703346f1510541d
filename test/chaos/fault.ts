import type { Evidence, Run } from './evidence.ts';
import type { Member } from './member.ts';
import type { FaultKind } from './schedule.ts';

/** A fault that happened. Times in ms since 1970. */
export interface Fault {
  kind: FaultKind;
  /** names of the members that it hit; the jobs of these may run again */
  targets: string[];
  at: number;
  /** when the target was available again, as far as the fault itself goes */
  back: number;
  /** no process of the kind was left, so nobody could do its work */
  outage: boolean;
  /** when the target was seen to work again, if that is measured at once */
  worksAt?: number;
  /** the runs that continued on the target */
  runs: Run[];
}

/** Records that a fault starts. */
export type Begin = (kind: FaultKind, targets: Member[]) => Fault;

/** A commit whose job has started this many times is spared, because the tenth lost attempt makes a job poison. */
const spareAfter = 9;

export function isSpared(run: Run, evidence: Evidence): boolean {
  return evidence.runs(run.sha).length >= spareAfter;
}
