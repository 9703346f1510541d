import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { print, printJson } from '../terminal.ts';
import { pathOf } from './repository.ts';

export function repoRmCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('rm'))
    .summary('observe a repository no more')
    .description(
      'Observes a repository no more. Its open builds are cancelled, its secrets, variables and webhook go. Its builds, logs and results stay and can be looked at, unless --purge deletes them.',
    )
    .argument('<name>', 'name of the repository')
    .option('--purge', 'delete its builds, logs and results, too; also those of one that was removed before')
    .action(async (name: string, { purge = false, json }: { purge?: boolean; json?: boolean }) => {
      const client = Client.of(configOf(command));
      const done = await client.delete<{ cancelled: string[] }>(pathOf(name), { purge: purge ? '1' : undefined });
      if (json) return printJson(done);
      const count = done.cancelled.length;
      const builds = count === 0 ? '' : `; ${count} open ${count === 1 ? 'build is' : 'builds are'} being cancelled`;
      const history = purge ? 'its history is being deleted' : 'its builds can still be looked at';
      print(`${name} is not observed any more${builds}; ${history}`);
    });
  return {
    command,
    examples: [
      ['volt repo rm app', 'its builds can still be looked at'],
      ['volt repo rm app --purge', 'nothing of it stays'],
    ],
  };
}
