import type { Command } from 'commander';
import type { account } from '../web/schemas/account.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { personText } from './who.ts';

export function whoamiCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('whoami'))
    .summary('who you are for a Volt, and what you may do there')
    .description('Prints as whom commands act, at which Volt, and what they may do there.')
    .action(async ({ json }: { json?: boolean }) => {
      const client = Client.of(configOf(command));
      const known = await client.get<Answer<typeof account>>('/account');
      if (json) return printJson({ url: client.url, ...known });
      const { name, person, token, groups, rights } = known;
      const shown = personText(person?.name ?? name, person?.displayName ?? null);
      print(`${shown} at ${client.url}${token === null ? '' : `, with the token ${plain(token)}`}`);
      if (groups.length > 0) print(`groups: ${groups.map(plain).join(', ')}`);
      await printEntries(rights, 'nobody has given you a role yet', {
        ROLE: ({ role }) => role,
        REPOSITORIES: ({ repos, private: isPrivate }) =>
          repos.map((glob) => (glob === '*' ? (isPrivate ? 'all' : 'all that are not private') : glob)).join(', '),
      });
    });
  return {
    command,
    examples: [
      ['volt whoami', 'you, and your roles'],
      ['volt whoami --json', 'the same for programs'],
    ],
  };
}
