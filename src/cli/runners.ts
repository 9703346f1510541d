import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { drainCommand, resumeCommand } from './runners/drain.ts';
import { listRunnersCommand } from './runners/list.ts';

export function runnersCommand(program: Command): CommandFile {
  const command = listRunnersCommand(program);
  drainCommand(command);
  resumeCommand(command);
  return {
    command,
    examples: [
      ['volt runners', 'all runners'],
      ['volt runners drain build2 --reason "new disk" --wait', 'take no more jobs, and return when none is left'],
      ['volt runners resume build2', 'take jobs again'],
      ['volt runners resume --all', 'let all drained runners take jobs again'],
    ],
  };
}
