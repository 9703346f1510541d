import { toolEnvironment } from '../system/environment.ts';
import { checkSeconds } from './capability-check.ts';
import { runCommand } from './command.ts';
import { type GroupKind, ProcessGroup, type ProcessGroupOptions } from './process-group.ts';

/**
 * Runs a command in a process group of its own, to see whether that works on this machine.
 * @param options `cwd` is the root by default
 * @throws as `ProcessGroup.open` and `runCommand`; Error where the command fails, or does not end in time
 */
export async function tryCommand(
  kind: GroupKind,
  argv: readonly string[],
  { cwd = '/', ...options }: ProcessGroupOptions & { cwd?: string } = {},
): Promise<void> {
  const processes = await ProcessGroup.open(checkSeconds, kind, options);
  const late = AbortSignal.timeout(checkSeconds * 1000);
  const env = { PATH: toolEnvironment().PATH ?? '' };
  try {
    const end = await runCommand({ processes, argv, cwd, env, output: () => undefined, signal: late });
    if (late.aborted) throw new Error(`a command in it did not end within ${checkSeconds} s`);
    if (end.exitCode !== 0) throw new Error(`a command in it ended with ${end.signal ?? `code ${end.exitCode}`}`);
  } finally {
    await processes.close();
  }
}
