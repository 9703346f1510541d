/** Stable codes that say why a status is not `success`; users and scripts match on them. */
export const reasons = {
  exit_code: 'a command failed: its exit code was not 0',
  signal: 'a command was ended by a signal',
  timeout: 'the job reached its time limit',
  by_user: 'cancelled by a person',
  superseded: 'replaced by a newer commit or run',
  skip_ci: 'the commit message asks to skip CI',
  merge_conflict: 'the pull request conflicts with its base branch',
  runner_lost: 'the runner was lost while it ran the job',
  handed_back: 'the runner stopped and handed the job back',
  poison: 'ten runners were lost while they ran the job',
  invalid_workflow: 'a workflow file, or an expression in it, is invalid',
  invalid_settings: '.volt.yml is invalid',
  planning_failed: 'planning the build failed several times',
  unsupported: 'a workflow uses something that Volt does not support',
  not_triggered: 'no workflow of the commit is triggered by this event',
  condition: "the job's condition (if) is false",
  deadlock: 'the job would wait for ever for its own concurrency group',
  fail_fast: 'another job of the same matrix failed',
  environment_refused: 'the environment of the job does not allow its branch or tag',
  approval_required: 'a person must approve it first',
  declined: 'a person declined it',
  expired: 'nobody approved it within 30 days',
  no_runner: 'no runner has the labels of the job',
  labels_refused: 'a job of a pull request asks for labels that it may not have',
  isolation_missing: 'no runner isolates jobs, as those of pull requests have to be',
  tool_missing: 'a program that the tests need is not installed on the runner',
  no_tests_found: 'Volt found no workflows and no tests in the repository, or the test runner found no tests',
  dependencies_failed: 'the packages that the project needs could not be installed',
  fetch_failed: 'fetching the commit from its repository failed',
  secrets_unavailable: 'the runner did not get the secrets of the job',
  checkout_failed: 'checking out the commit failed',
  checkout_too_large: 'the commit or its submodules are too large for Volt to check out',
  spawn_failed: 'a command could not be started',
  engine_failed: 'the container engine of the runner failed',
  image_unavailable: 'the image of a container could not be fetched',
  service_failed: 'a service of the job ended by an error, or did not become healthy',
  step_failed: 'a step of the workflow could not be carried out',
  action_unavailable: 'fetching an action or a called workflow of another repository failed',
  untrusted_checkout: 'a job that runs trusted code was about to check out the code of a stranger',
  artifact_missing: 'an artifact that the job needs is not on the machine of its runner',
  runner_failed: 'the runner itself failed',
  disk_full: 'the job filled the disk of its runner',
  resource_limit: 'the job exceeded a limit, such as memory or disk',
  bad_message: 'Volt could not understand a message about the job',
  job_failed: 'a job of the build failed',
  job_error: 'a job of the build ended in an error',
  job_cancelled: 'a job of the build was cancelled',
  needs_failed: 'a job that it needs did not succeed',
} as const;
export type Reason = keyof typeof reasons;

/**
 * Errors that the job did not cause, so the next attempt may succeed. If an attempt ends in one before a command of the
 * job has started, it is tried again; see record/automatic-retries.ts.
 */
const transient: readonly Reason[] = [
  'fetch_failed',
  'checkout_failed',
  'spawn_failed',
  'engine_failed',
  'image_unavailable',
  'action_unavailable',
  'secrets_unavailable',
  'runner_failed',
];

/** Whether the next attempt may succeed after an error with that reason. */
export function isTransient(reason: Reason | null): boolean {
  return reason !== null && transient.includes(reason);
}
