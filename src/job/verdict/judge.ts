import type { JobTests, TestResult } from '../../kernel/model.ts';
import type { JobOutcome } from '../outcome.ts';
import type { Runner } from '../reports/lines.ts';
import type { Blame } from './blame.ts';
import { fetchBlame, installationBlame, missingProgram } from './installation.ts';
import { missingModule, type OwnModules, tellsMissingModule } from './missing-module.ts';
import { signalOfCode, signalText } from './signals.ts';

/** What is known of a job without a workflow that has ended. */
export interface Evidence {
  /** the step that ran last: `install`, `build` or `test` */
  step: string;
  /** the end of what it printed */
  output: string;
  tests: JobTests | undefined;
  /** the test runners that said how many tests there were, even if that was zero */
  runners: readonly Runner[];
  /** the test runners that began, and were ended before they told a number, or all their numbers */
  unfinished: readonly string[];
  /** the test runner that Volt started itself, if it always tells how many tests ran, and all that it said was read */
  runner: string | undefined;
  /** whether the job ran in an image, so that something is to be installed there instead of on the runner */
  inImage?: boolean;
  /** the kind of the project, if Volt found out how it is tested */
  kind: string | undefined;
  /** Reads the modules of the commit; undefined for a command that Volt was given, which installs what it needs. */
  own(): Promise<OwnModules | undefined>;
}

/** Characters of a message. */
const longestMessage = 2000;

/**
 * The outcome of a job without a workflow, by its exit code and by what is known of it.
 * @param outcome by the exit code alone
 */
export async function judge(outcome: JobOutcome, evidence: Evidence): Promise<JobOutcome> {
  const isByCode = outcome.status === 'success' || outcome.reason === 'exit_code';
  if (!isByCode) return outcome;
  const signalled = withSignal(outcome, evidence);
  if (signalled !== outcome) return signalled;
  if (outcome.status === 'failure') {
    const blame = await blameOf(outcome, evidence);
    if (blame) return withBlame(outcome, evidence.inImage ? forImage(blame) : blame);
  }
  return withoutTests(outcome, evidence) ?? outcome;
}

/** Whether nothing but the exit code tells that the tests passed. */
export function isByExitCodeAlone({ tests, runners }: Pick<Evidence, 'tests' | 'runners'>): boolean {
  return totalOf(tests) === 0 && runners.length === 0;
}

function totalOf(tests: JobTests | undefined): number {
  return tests?.summary.total ?? 0;
}

function withoutTests(outcome: JobOutcome, evidence: Evidence): JobOutcome | undefined {
  const { tests, runners, unfinished, kind, output } = evidence;
  const runner = evidence.runner ?? unfinished[0];
  if (outcome.status === 'success' && runner !== undefined && isByExitCodeAlone(evidence)) {
    const what = `${runner} ended with 0 but reported no tests. Correct what ends it early, such as a call of exit(0) in a test, or set another command by --command`;
    return { status: 'error', reason: 'no_tests_found', message: what, exitCode: outcome.exitCode };
  }
  if (outcome.status === 'success' && isCutOff(evidence)) {
    const what = `${evidence.runner} ended with 0 before it told how all tests ended. Correct what ends it early, such as a call of exit(0) in a test, or set another command by --command`;
    return { status: 'error', reason: 'no_tests_found', message: what, exitCode: outcome.exitCode };
  }
  const target = kind === 'make' && outcome.status === 'success' ? targetDone(output) : undefined;
  if (target !== undefined && isByExitCodeAlone(evidence)) {
    const what = `Make had nothing to do for the target ${target}, so no tests ran. Add \`.PHONY: ${target}\` and a recipe that runs them to the Makefile`;
    return { status: 'error', reason: 'no_tests_found', message: what, exitCode: outcome.exitCode };
  }
  const none = outcome.status === 'success' ? runners[0] : runners.find(({ refuses }) => refuses);
  if (none === undefined || totalOf(tests) > 0) return undefined;
  const what = `0 tests ran according to ${none.name}. Correct where it looks for tests, or set another command by --command`;
  return { status: 'error', reason: 'no_tests_found', message: what, exitCode: outcome.exitCode };
}

/** Whether the runner that Volt started, or the only one that told anything, was ended before it had told everything. */
function isCutOff({ runner, runners, unfinished }: Evidence): boolean {
  if (runner === undefined) return false;
  const only = runners.length === 1 ? runners[0]?.name : undefined;
  return unfinished.includes(runner) || (only !== undefined && unfinished.includes(only));
}

/** The target for which Make says at its end that it ran nothing. */
function targetDone(output: string): string | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const found = /^make: (?:['‘]([\w-]{1,100})['’] is up to date|Nothing to be done for ['‘]([\w-]{1,100})['’])\.$/.exec(
    last,
  );
  return found?.[1] ?? found?.[2];
}

/** Names the signal that an exit code stands for, unless it is the number of failed tests, as Mocha's is. */
function withSignal(outcome: JobOutcome, { tests }: Evidence): JobOutcome {
  const { exitCode, message } = outcome;
  const signal = exitCode === null ? undefined : signalOfCode(exitCode);
  if (signal === undefined || tests?.summary.failed === exitCode) return outcome;
  return { ...outcome, reason: 'signal', message: `${message}: a process was ended by ${signalText(signal)}` };
}

/** Why a command failed, if it is not the tests themselves. */
async function blameOf({ exitCode }: JobOutcome, evidence: Evidence): Promise<Blame | undefined> {
  const { step, output, tests } = evidence;
  const program = exitCode === 127 || endsMake(output) ? missingProgram(output) : undefined;
  if (program !== undefined) {
    const remedy = 'Add the package that has it to the project, or install it on the runner';
    return { fault: 'tool', what: `there is no program ${program}`, remedy };
  }
  if (step === 'install') return installationBlame(output);
  const failed = (tests?.results ?? []).filter(isBad);
  const isNone = totalOf(tests) === 0;
  // a runner may count what failed to load without a name
  const isUnnamed = failed.length === 0 && tests?.summary.failed === totalOf(tests);
  const isWhole = isNone || isUnnamed || (failed.length > 0 && failed.length === tests?.summary.failed);
  const own = isWhole && tellsMissingModule(failed, output) ? await evidence.own().catch(() => undefined) : undefined;
  const module = own && missingModule(failed, output, own);
  return module ?? (isNone ? fetchBlame(output) : undefined);
}

/** Whether Make ended since a shell of it did not find a program: its own exit code is 2. */
function endsMake(output: string): boolean {
  return /^make(?:\[\d+\])?: \*\*\* [^\n]{1,1000} Error 127$/.test(output.trimEnd().split('\n').at(-1) ?? '');
}

function isBad({ status }: TestResult): boolean {
  return status === 'failed' || status === 'error';
}

function forImage(blame: Blame): Blame {
  return { ...blame, remedy: blame.remedy.replace('on the runner', 'in the image') };
}

const reasonOf = { outside: 'dependencies_failed', tool: 'tool_missing' } as const;

function withBlame(outcome: JobOutcome, { fault, what, remedy }: Blame): JobOutcome {
  const message = `${outcome.message}: ${what}. ${remedy}`.slice(0, longestMessage);
  if (fault === 'commit') return { ...outcome, message };
  return { ...outcome, status: 'error', reason: reasonOf[fault], message };
}
