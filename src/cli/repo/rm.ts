import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { repositoryArgumentHelp } from '../resolve.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf } from './repository.ts';

export function repoRmCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('rm'))
    .summary('stop watching a repository')
    .description(
      'Stops watching a repository, cancels its open builds and deletes its secrets, variables and webhook. Its builds, logs and results stay, unless --purge deletes them.',
    )
    .argument('<repo>', repositoryArgumentHelp)
    .option('--purge', 'also delete its builds, logs and results; works on a removed repository too')
    .action(async (name: string, { purge = false, json }: { purge?: boolean; json?: boolean }) => {
      const client = Client.of(configOf(command));
      const done = await client.delete<{ cancelled: string[] }>(pathOf(name), { purge: purge ? '1' : undefined });
      if (json) return printJson(done);
      const count = done.cancelled.length;
      const builds = count === 0 ? '' : `; cancelling ${count} open ${count === 1 ? 'build' : 'builds'}`;
      const history = purge ? 'deleting its builds, logs and results' : 'its builds stay visible';
      print(`stopped watching ${name}${builds}; ${history}`);
    });
  return {
    command,
    examples: [
      ['volt repo rm app', 'stop watching it and keep its builds'],
      ['volt repo rm app --purge', 'delete everything of it'],
    ],
  };
}
