import { runCommand } from '../../exec/command.ts';
import { limitThatEnded } from '../../exec/limits.ts';
import type { ProcessGroup } from '../../exec/process-group.ts';
import { errorText, systemCode } from '../../kernel/errors.ts';
import type { Reason } from '../../kernel/model.ts';
import { StepFault } from '../fault.ts';
import type { JobOutcome } from '../outcome.ts';
import { signalOfCode, signalText } from '../verdict/signals.ts';

export interface StepCommand {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  output(chunk: Buffer): void | Promise<void>;
  /** ends the command when it aborts */
  signal: AbortSignal;
}

export class CommandFailed extends Error {
  readonly outcome: JobOutcome;

  constructor(outcome: JobOutcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
  }
}

/**
 * Runs one command of a step; others run after it, whatever its end.
 * @param processes group of the job
 * @throws CommandFailed
 */
export async function runStepCommand(processes: Promise<ProcessGroup>, command: StepCommand): Promise<void> {
  let end: Awaited<ReturnType<typeof runCommand>>;
  try {
    end = await runCommand({ ...command, processes: await processes, stubborn: 'group' });
  } catch (error) {
    if (systemCode(error) === 'E2BIG') throw new StepFault(tooLarge(command.env));
    throw failed('error', 'spawn_failed', errorText(error).slice(0, 2000));
  }
  const { exitCode, signal } = end;
  const limit = limitThatEnded(end, (await processes).limits);
  if (limit !== undefined) throw failed('failure', 'resource_limit', `Process ${limit}.`, exitCode);
  if (signal !== null) throw failed('failure', 'signal', `Process was ended by ${signalText(signal)}.`);
  if (exitCode !== 0) {
    const behind = exitCode === null ? undefined : signalOfCode(exitCode);
    const named = behind === undefined ? '' : ` (${behind})`;
    throw failed('failure', 'exit_code', `Process completed with exit code ${exitCode}${named}.`, exitCode);
  }
}

function failed(
  status: JobOutcome['status'],
  reason: Reason,
  message: string,
  exitCode: number | null = null,
): CommandFailed {
  return new CommandFailed({ status, reason, message, exitCode });
}

/**
 * The system starts no program with a larger environment. Linux allows 128 KB for one variable, and a share of the
 * stack for all.
 */
function tooLarge(env: Readonly<Record<string, string>>): string {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, size: Buffer.byteLength(value) }));
  const largest = sizes.reduce((a, b) => (b.size > a.size ? b : a), { name: '', size: 0 });
  const all = sizes.reduce((sum, { size }) => sum + size, 0);
  const kB = (bytes: number) => `${Math.ceil(bytes / 1024)} KB`;
  return `The environment is too large to start a program: ${kB(all)}, of which ${largest.name} has ${kB(largest.size)}. One variable may have 128 KB; pass larger values in files.`;
}
