import type { FinalStatus, Reason } from '../kernel/model.ts';
import type { Node } from './node.ts';
import type { WorkflowPlan } from './plan.ts';
import type { HostedNames } from './runs-on.ts';

/** What is to be done about one job. */
export type Action<Id> =
  /** the job takes this place: its matrix or its call was expanded; the row is new where nobody has the id yet */
  | { kind: 'place'; id: Id; node: Node; name: string; needs: string[] }
  /** it may run now */
  | { kind: 'queue'; id: Id; job: ReadyJob }
  /** it will not run */
  | { kind: 'decide'; id: Id; status: FinalStatus; reason: Reason; message: string; needs: string[] }
  /** it could run, and waits for something else than its needs */
  | { kind: 'hold'; id: Id; message: string }
  /** it is to end before its time */
  | { kind: 'cancel'; id: Id; reason: Reason; message: string };

export interface ReadyJob {
  name: string;
  labels: string[];
  needs: string[];
  plan: WorkflowPlan;
  timeoutMinutes: number;
  continueOnError: boolean;
}

export interface Group {
  /** names do not count their case */
  name: string;
  cancelInProgress: boolean;
}

/** What a group says to who asks to enter it. */
export type Admission =
  | { kind: 'inside' }
  | { kind: 'waits'; message: string }
  /** it never lets that one in */
  | { kind: 'refused'; status: FinalStatus; reason: Reason; message: string };

export interface ProgressSettings<Id> {
  /** of a job that says nothing */
  timeoutMinutes: number;
  hosted: HostedNames;
  /** labels that runners have now */
  offered: ReadonlySet<string>;
  /** an id for a job that comes new into the build */
  allocate(): Id;
  /**
   * Asks to enter a concurrency group; asking again changes nothing.
   * @param holder the workflow, by its file, or one job of it
   */
  enter(group: Group, holder: { file: string; job?: Id }): Admission;
}
