import type { Reason } from '../kernel/model.ts';
import { CommandFailed } from './steps/command.ts';

/** Ends a job without a workflow because a step did not succeed. */
export class StepFailed extends CommandFailed {
  constructor(status: 'failure' | 'error', reason: Reason, message: string, exitCode: number | null = null) {
    super({ status, reason, message, exitCode });
  }
}

/** Cuts a text in a sentence for people: a command or an error may be very long. */
export function excerpt(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
