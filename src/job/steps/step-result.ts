import type { FinalStatus } from '../../kernel/model.ts';
import type { JobOutcome } from '../outcome.ts';

/** The result of a step: `outcome` is its own, `conclusion` the one that counts for the job (`continue-on-error`). */
export interface StepResult {
  outcome: FinalStatus;
  conclusion: FinalStatus;
  /** the failure, if there was one */
  problem: JobOutcome | undefined;
}
