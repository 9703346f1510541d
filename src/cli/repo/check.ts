import type { Command } from 'commander';
import { Client } from '../client.ts';
import type { CommandFile } from '../command.ts';
import { configOf, jsonOption } from '../options.ts';
import { printJson } from '../terminal.ts';
import { awaitPoll, printPoll } from './poll.ts';
import { pathOf, type ShownRepository } from './repository.ts';

export function repoCheckCommand(group: Command): CommandFile {
  const command = jsonOption(group.command('check'))
    .summary('poll a repository now')
    .description('Polls a repository now, and says whether Volt can fetch it. Exits 3 if it cannot.')
    .argument('<name>', 'name of the repository')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const client = Client.of(configOf(command));
      const before = await client.post<ShownRepository>(`${pathOf(name)}/check`);
      const polled = await awaitPoll(client, before);
      if (polled.error) process.exitCode = 3;
      if (json) printJson(polled);
      else printPoll(polled);
    });
  return { command, examples: [['volt repo check app', 'after a change at its server']] };
}
