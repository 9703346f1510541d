import { CommandFailed, runStepCommand } from './command.ts';
import type { CommandHost, StepCommand } from './step-host.ts';
import type { WorkflowState } from './workflow-state.ts';

/**
 * Runs a command of the workflow or of an action. From then on the job may have had effects, and no other attempt
 * follows.
 * @param host where it runs; by default, where the steps of the job do
 * @throws CommandFailed
 */
export async function runUserCommand(job: WorkflowState, command: StepCommand, host?: CommandHost): Promise<void> {
  const before = job.begun;
  job.begun = true;
  try {
    await runStepCommand(host ?? job.host, command);
  } catch (error) {
    if (error instanceof CommandFailed && error.outcome.reason === 'spawn_failed') job.begun = before;
    throw error;
  }
}
