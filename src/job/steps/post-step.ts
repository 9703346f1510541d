import type { StepIo } from './step-io.ts';

/** What an action does at the end of its job. */
export interface PostStep {
  name: string;
  /** an expression without `${{ }}` */
  condition: string;
  /** what its main part has kept */
  state: Record<string, string>;
  run(io: StepIo, signal: AbortSignal): Promise<void>;
}
