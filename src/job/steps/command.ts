import { limitThatEnded } from '../../exec/limits.ts';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import type { Reason } from '../../kernel/model.ts';
import { StepFault } from '../fault.ts';
import { type JobOutcome, withLimit } from '../outcome.ts';
import { signalOfCode, signalText } from '../verdict/signals.ts';
import type { CommandHost, StepCommand, StepEnd } from './step-host.ts';

export class CommandFailed extends Error {
  readonly outcome: JobOutcome;

  constructor(outcome: JobOutcome) {
    super(outcome.message ?? outcome.status);
    this.outcome = outcome;
  }
}

/**
 * Runs one command of a step; others run after it, whatever its end.
 * @param host where it runs
 * @throws CommandFailed
 */
export async function runStepCommand(host: CommandHost, command: StepCommand): Promise<void> {
  let end: StepEnd;
  try {
    end = await host.run(command);
  } catch (error) {
    if (systemCode(error) === 'E2BIG') throw new StepFault(tooLarge(command.env));
    const isEngine = error instanceof VoltError && error.code === 'engine_failed';
    throw failed('error', isEngine ? 'engine_failed' : 'spawn_failed', errorText(error).slice(0, 2000));
  }
  const { exitCode, signal, breach } = end;
  const limit = limitThatEnded(end, await host.limits);
  if (limit !== undefined) throw failed('failure', 'resource_limit', `Process ${limit}.`, exitCode);
  if (signal !== null)
    throw limited(failed('failure', 'signal', `Process was ended by ${signalText(signal)}.`), breach);
  if (exitCode !== 0) {
    const behind = exitCode === null ? undefined : signalOfCode(exitCode);
    const named = behind === undefined ? '' : ` (${behind})`;
    const text = `Process completed with exit code ${exitCode}${named}.`;
    throw limited(failed('failure', 'exit_code', text, exitCode), breach);
  }
}

function limited({ outcome }: CommandFailed, breach: string | undefined): CommandFailed {
  return new CommandFailed(withLimit(outcome, breach));
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
