import { StepFault } from '../fault.ts';
import type { StepIo } from '../steps/step-io.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** A step that uses an action which Volt implements. */
export interface BuiltinCall {
  job: WorkflowState;
  /** as the step gives them */
  inputs: Readonly<Record<string, string>>;
  /** whether the step itself has the text of an input, or none: no expression makes it */
  isWritten(name: string): boolean;
  io: StepIo;
  signal: AbortSignal;
}

/** The lines of an input that are not empty. */
export function linesOf(text = ''): string[] {
  return text.split('\n').flatMap((line) => line.trim() || []);
}

/**
 * Reads the input `if-no-files-found`, as `actions/upload-artifact` has it.
 * @returns what to call where no file was found, with a sentence about it
 * @throws StepFault if the input is not valid; what is returned throws it where the step asks to fail
 */
export function withoutFiles({ inputs, io }: BuiltinCall): (sentence: string) => Promise<void> {
  const choice = inputs['if-no-files-found']?.trim() || 'warn';
  if (!['warn', 'error', 'ignore'].includes(choice)) {
    throw new StepFault(`the input "if-no-files-found" must be warn, error or ignore, not "${choice}"`);
  }
  return async (sentence) => {
    if (choice === 'error') throw new StepFault(sentence);
    if (choice === 'warn') await io.report('warning', sentence);
  };
}
