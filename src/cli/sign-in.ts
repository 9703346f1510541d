import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { plain, print, printJson } from './terminal.ts';

export function signInCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('sign-in'))
    .summary('print the address at which browsers sign in')
    .description(
      'Prints the address at which browsers sign in. It differs from the address of the dashboard, because browsers send the cookies of 127.0.0.1 to every program that listens there, jobs included. Keep it where jobs cannot read it.',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const answer = await Client.of(configOf(command)).get<{ url: string }>('/sign-in');
      if (json) printJson(answer);
      else print(plain(answer.url));
    });
  return {
    command,
    examples: [['volt sign-in', 'open it in a browser and enter an access token']],
  };
}
