import type { StepIo } from '../steps/step-io.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** A step that uses an action which Volt implements. */
export interface BuiltinCall {
  job: WorkflowState;
  /** as the step gives them */
  inputs: Readonly<Record<string, string>>;
  io: StepIo;
  signal: AbortSignal;
  warn(message: string): Promise<void>;
}
