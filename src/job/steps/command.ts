import { runCommand } from '../../exec/command.ts';
import { errorText } from '../../kernel/errors.ts';
import type { JobOutcome } from '../ending.ts';

export interface StepCommand {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  output(chunk: Buffer): void | Promise<void>;
  /** ends the command */
  signal: AbortSignal;
}

/** A command of a step that did not succeed. */
export class CommandFailed extends Error {
  readonly outcome: JobOutcome;

  constructor(outcome: JobOutcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
  }
}

/**
 * Runs one command of a step; others go on after it, whatever becomes of it.
 * @param scope of the job
 * @throws CommandFailed
 */
export async function runStepCommand(
  scope: Promise<Parameters<typeof runCommand>[0]['scope']>,
  command: StepCommand,
): Promise<void> {
  let end: Awaited<ReturnType<typeof runCommand>>;
  try {
    end = await runCommand({ ...command, scope: await scope, stubborn: 'group' });
  } catch (error) {
    throw new CommandFailed({
      status: 'error',
      reason: 'spawn_failed',
      message: errorText(error).slice(0, 2000),
      exitCode: null,
    });
  }
  if (end.signal !== null) {
    throw new CommandFailed({
      status: 'failure',
      reason: 'signal',
      message: `Process was ended by ${end.signal}.`,
      exitCode: null,
    });
  }
  if (end.exitCode !== 0) {
    const message = `Process completed with exit code ${end.exitCode}.`;
    throw new CommandFailed({ status: 'failure', reason: 'exit_code', message, exitCode: end.exitCode });
  }
}
