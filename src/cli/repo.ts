import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { repoAddCommand } from './repo/add.ts';
import { repoCheckCommand } from './repo/check.ts';
import { repoHookCommand } from './repo/hook.ts';
import { repoLsCommand } from './repo/ls.ts';
import { repoRmCommand } from './repo/rm.ts';
import { repoSetCommand } from './repo/set.ts';
import { repoShowCommand } from './repo/show.ts';

export function repoCommand(program: Command): CommandFile {
  const command = program
    .command('repo')
    .summary('add, check, change, show and remove repositories')
    .description('Adds, checks, changes, shows and removes the repositories that a running Volt watches.');
  const commands = [repoAddCommand, repoCheckCommand, repoLsCommand, repoShowCommand, repoSetCommand, repoRmCommand];
  const files = [...commands, repoHookCommand].map((add) => add(command));
  return { command, examples: files.flatMap(({ examples }) => examples) };
}
