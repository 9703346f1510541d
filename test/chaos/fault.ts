import type { Evidence, Run } from './evidence.ts';
import type { Fleet } from './fleet.ts';
import type { Member } from './member.ts';
import type { FaultKind } from './schedule.ts';
import type { Workload } from './workload.ts';

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
  /** the commit whose job was hit, if the fault was aimed at it */
  commit?: string;
  /** the runs that continued on the target */
  runs: Run[];
}

/** Records that a fault starts. */
export type Begin = (kind: FaultKind, targets: Member[]) => Fault;

/** What faults are made with. */
export interface FaultContext {
  fleet: Fleet;
  evidence: Evidence;
  workload: Workload;
  begin: Begin;
  /** names of runners with a fault; a runner that is hit twice would be back too soon */
  held: Set<string>;
}

/** A commit whose job has started this many times is spared, because the tenth lost attempt makes a job poison. */
const spareAfter = 9;

export function isSpared(run: Run, evidence: Evidence): boolean {
  return evidence.runs(run.sha).length >= spareAfter;
}
