import type { PlannedStep } from '../../workflow/plan.ts';
import type { Evaluation } from './evaluation.ts';
import type { Frame } from './frame.ts';
import type { PostStep } from './post-step.ts';
import type { StepIo } from './step-io.ts';
import type { StepResult } from './step-result.ts';

/** A step that uses an action, when it is run. */
export interface ActionStep {
  step: PlannedStep;
  uses: string;
  frame: Frame;
  /** environment of the step itself */
  env: Readonly<Record<string, string>>;
  evaluation: Evaluation;
  io: StepIo;
  signal: AbortSignal;
  /** takes what the action does at the end of the job */
  posts: PostStep[];
  /** runs a step inside the action */
  runNested(step: PlannedStep, frame: Frame): Promise<StepResult>;
}

/** Runs the action of a step. @throws whatever keeps it from succeeding */
export type UseAction = (step: ActionStep) => Promise<void>;
