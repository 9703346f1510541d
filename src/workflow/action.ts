import type { FinalStatus, Reason } from '../kernel/model.ts';
import type { Node } from './node.ts';
import type { WorkflowPlan } from './plan.ts';
import type { HostedNames } from './runs-on.ts';

/** One step of planning for one job. */
export type Action<Id> =
  /** the job becomes this node, because its matrix or its call was expanded; the job is new if its id is new */
  | { kind: 'expand'; id: Id; node: Node; name: string; needs: string[] }
  /** the job can run now */
  | { kind: 'queue'; id: Id; job: ReadyJob }
  /** the job will not run */
  | { kind: 'decide'; id: Id; status: FinalStatus; reason: Reason; message: string; needs: string[] }
  /** the needs of the job are met, but it waits for something else */
  | { kind: 'hold'; id: Id; message: string; reason?: Reason }
  /** the job must be cancelled */
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
  /** names are case-insensitive */
  name: string;
  cancelInProgress: boolean;
}

/** The answer of a concurrency group to a job or workflow that asks to enter it. */
export type Admission =
  | { kind: 'inside' }
  | { kind: 'waits'; message: string }
  /** the holder can never enter */
  | { kind: 'refused'; status: FinalStatus; reason: Reason; message: string };

/** The answer to a job that asks to deploy to an environment. */
export type DeployAnswer =
  /** `vars`: the variables of the environment */
  | { kind: 'allowed'; vars: { [name: string]: string } }
  /** it runs without the variables, and is no deployment */
  | { kind: 'apart' }
  | { kind: 'waits'; message: string; reason?: Reason }
  | Extract<Admission, { kind: 'refused' }>;

export interface ProgressSettings<Id> {
  /** for jobs without `timeout-minutes` */
  timeoutMinutes: number;
  hosted: HostedNames;
  /** labels of the current runners */
  offered: ReadonlySet<string>;
  /** makes an id for a new job of the build */
  allocate(): Id;
  /**
   * Asks to enter a concurrency group. It is idempotent.
   * @param holder the workflow, by its file, or one job of it
   */
  enter(group: Group, holder: { file: string; job?: Id }): Admission;
  /** Asks whether a job may deploy to an environment now. It is idempotent. */
  deploy(environment: string, job: Id): DeployAnswer;
}
