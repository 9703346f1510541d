import { errorText, VoltError, withRemedy } from '../../kernel/errors.ts';
import { ExpressionFailed } from '../../workflow/expression.ts';
import { StepFault } from '../fault.ts';
import { JobAborted, type JobOutcome } from '../outcome.ts';
import type { Masker } from '../output/masker.ts';
import { isPermanent } from '../permanent-errors.ts';
import { CommandFailed } from './command.ts';

/**
 * The outcome of a job with an error in a step: whether the commit or Volt is at fault.
 * @param masker masks secrets before a long message is cut, since it does not find a part of a secret
 */
export function problemOf(error: unknown, masker: Masker): JobOutcome {
  if (error instanceof CommandFailed || error instanceof JobAborted) return error.outcome;
  // a credential was not available
  if (error instanceof VoltError && error.cause instanceof JobAborted) return error.cause.outcome;
  const message = masker.text(errorText(error)).slice(0, 2000);
  if (error instanceof StepFault || error instanceof ExpressionFailed) {
    return { status: 'failure', reason: 'step_failed', message, exitCode: null };
  }
  const ours = {
    status: 'error',
    message: error instanceof VoltError ? withRemedy({ message, remedy: error.remedy }) : message,
    exitCode: null,
    ...(isPermanent(error) && { permanent: true }),
  } as const;
  const code = error instanceof VoltError ? error.code : undefined;
  switch (code) {
    case 'action_unavailable':
    case 'artifact_missing':
    case 'engine_failed':
    case 'image_unavailable':
    case 'service_failed':
    case 'tool_missing':
    case 'unsupported':
    case 'untrusted_checkout':
      return { ...ours, reason: code };
    case 'too_large':
      return { ...ours, status: 'failure', reason: 'checkout_too_large' };
    case 'address_refused':
    case 'fetch_failed':
    case 'commit_missing':
      return { ...ours, reason: 'fetch_failed' };
    case 'git_failed':
    case 'git_missing':
    case 'git_old':
      return { ...ours, reason: 'checkout_failed' };
    default:
      return { ...ours, reason: 'runner_failed' };
  }
}

/**
 * The outcome of a job that an error has ended. If the job was ended from outside, that is the outcome: what it does to a
 * command is not the command's own failure.
 * @param signal of the job
 * @param begun whether a command of the job's own has started
 */
export function outcomeOf(error: unknown, signal: AbortSignal, masker: Masker, begun: boolean): JobOutcome {
  const ending: unknown = signal.reason;
  if (ending instanceof JobAborted) return begun ? ending.outcome : ending.early;
  return problemOf(error, masker);
}
