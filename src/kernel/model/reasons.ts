/** Stable codes that say why a status is not `success`; users and scripts match on them. */
export const reasons = {
  exit_code: 'a command exited with a code other than 0',
  signal: 'a signal ended a command',
  timeout: 'the job ran longer than it may',
  by_user: 'a person cancelled it',
  superseded: 'a newer commit took its place',
  skip_ci: 'its message asks not to build it',
  runner_lost: 'the runner that ran it is gone',
  handed_back: 'the runner stopped and handed the job back',
  poison: 'the job took several runners down with it',
  invalid_workflow: 'a workflow file, or an expression in it, is not right',
  planning_failed: 'the build could not be planned, however often that was tried',
  unsupported: 'a workflow asks for what Volt cannot do yet',
  not_triggered: 'no workflow of the commit runs for what happened',
  condition: 'the condition of the job does not hold',
  deadlock: 'the job would wait for ever for its concurrency group',
  fail_fast: 'another job of the same matrix did not succeed',
  no_runner: 'no runner has the labels that the job asks for',
  tool_missing: 'a program that the tests need is not on the runner',
  no_tests_found: 'the repository holds no tests that Volt can discover',
  fetch_failed: 'the commit could not be fetched from its repository',
  secrets_unavailable: 'the job could not be given its secrets',
  checkout_failed: 'the commit could not be checked out',
  checkout_too_large: 'the commit, or what it names, has more files or other things than Volt checks out',
  spawn_failed: 'a command could not be started',
  step_failed: 'a step of the workflow could not do what it asks for',
  action_unavailable: 'an action, or a called workflow of another repository, could not be fetched',
  artifact_missing: 'an artifact that the workflow asks for is not on the machine that runs the job',
  runner_failed: 'the runner itself failed',
  disk_full: 'the job has filled the disk of its runner',
  resource_limit: 'the job took more memory, disk or other means than it may',
  bad_message: 'a message of the job could not be understood',
  job_failed: 'a job of the build failed',
  job_error: 'a job of the build ended in an error',
  job_cancelled: 'a job of the build was cancelled',
  needs_failed: 'a job that it needs did not succeed',
} as const;
export type Reason = keyof typeof reasons;

/**
 * What may go better with the next attempt, since the job itself had no part in it: an attempt that ends in such an error
 * before a command of the job has begun is made once more, see record/tries.ts.
 */
const passing: readonly Reason[] = [
  'fetch_failed',
  'checkout_failed',
  'spawn_failed',
  'action_unavailable',
  'secrets_unavailable',
  'runner_failed',
];

/** Whether an error with that reason is Volt's or the machine's, and may be gone with the next attempt. */
export function mayPass(reason: Reason | null): boolean {
  return reason !== null && passing.includes(reason);
}
