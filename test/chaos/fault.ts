import type { Evidence, Run } from './evidence.ts';
import type { Member } from './member.ts';
import type { FaultKind } from './schedule.ts';

/** A fault as it came about. Times in ms since 1970. */
export interface Fault {
  kind: FaultKind;
  /** names of what it hit: what these ran may run again */
  targets: string[];
  at: number;
  /** when what was away was there again, as far as the fault itself goes */
  back: number;
  /** nothing of the kind was left, so that nobody could do its work */
  outage: boolean;
  /** when what was hit was seen to work, where that is looked at at once */
  worksAt?: number;
  /** the runs that went on where it hit */
  runs: Run[];
}

/** Notes that a fault begins. */
export type Begin = (kind: FaultKind, targets: Member[]) => Fault;

/** A commit whose job has started this many times is spared: a tenth lost attempt makes a job poison, as it should. */
const spareAfter = 9;

export function isSpared(run: Run, evidence: Evidence): boolean {
  return evidence.runs(run.sha).length >= spareAfter;
}
