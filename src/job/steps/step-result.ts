import type { FinalStatus } from '../../kernel/model.ts';
import type { JobOutcome } from '../outcome.ts';

/** What a step came to: by itself, and for the job. */
export interface StepResult {
  outcome: FinalStatus;
  conclusion: FinalStatus;
  /** what went wrong, where something did */
  problem: JobOutcome | undefined;
}
