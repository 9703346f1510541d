import type { JobTests } from '../../kernel/model.ts';
import type { JobOutcome } from '../outcome.ts';
import type { Runner } from '../reports/lines.ts';
import { signalOfCode, signalText } from './signals.ts';

/** What the commands of a job without a workflow have told. */
export interface Told {
  tests: JobTests | undefined;
  /** the test runners that have told how many tests there were, even if that was zero */
  runners: readonly Runner[];
}

/**
 * The outcome of a job without a workflow, by its exit code and by what its commands have told.
 * @param outcome by the exit code alone
 */
export function judge(outcome: JobOutcome, told: Told): JobOutcome {
  const isByCode = outcome.status === 'success' || outcome.reason === 'exit_code';
  if (!isByCode) return outcome;
  return withoutTests(outcome, told) ?? withSignal(outcome, told);
}

/** Whether nothing but the exit code tells that the tests passed. */
export function isByExitCodeAlone({ tests, runners }: Told): boolean {
  return (tests?.summary.total ?? 0) === 0 && runners.length === 0;
}

function withoutTests(outcome: JobOutcome, { tests, runners }: Told): JobOutcome | undefined {
  const none = outcome.status === 'success' ? runners[0] : runners.find(({ refuses }) => refuses);
  if (none === undefined || (tests?.summary.total ?? 0) > 0) return undefined;
  const what = `0 tests ran according to ${none.name}. Correct where it looks for tests, or set another command by --command`;
  return { status: 'error', reason: 'no_tests_found', message: what, exitCode: outcome.exitCode };
}

/** Names the signal that an exit code stands for, unless it is the number of failed tests, as Mocha's is. */
function withSignal(outcome: JobOutcome, { tests }: Told): JobOutcome {
  const { exitCode, message } = outcome;
  const signal = exitCode === null ? undefined : signalOfCode(exitCode);
  if (signal === undefined || tests?.summary.failed === exitCode) return outcome;
  return { ...outcome, reason: 'signal', message: `${message}: a process was ended by ${signalText(signal)}` };
}
