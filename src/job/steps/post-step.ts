import type { StepIo } from './step-io.ts';

/** The part of an action that runs at the end of the job. */
export interface PostStep {
  name: string;
  /** an expression without `${{ }}` */
  condition: string;
  /** state that its main part has saved */
  state: Record<string, string>;
  run(io: StepIo, signal: AbortSignal): Promise<void>;
}
