import type { Command } from 'commander';
import type { auditLog } from '../web/schemas/access.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printEntries } from './table.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

export function auditCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('audit'))
    .summary('list who did what')
    .description(
      'Lists changes that people and programs made through the dashboard, the API or commands, and attempts to sign in, newest first.',
    )
    .option('--actor <name>', 'only entries of this token; "owner" is the admin token, "unknown" is a failed sign-in')
    .option('--action <action>', 'only this action, for example builds.cancel or sign-in')
    .option('--before <id>', 'only entries older than this one; use it to get the next page')
    .option('--limit <number>', 'show at most this many entries', integer(1, 500), 20)
    .action(
      async ({
        json,
        ...query
      }: {
        json?: boolean;
        actor?: string;
        action?: string;
        before?: string;
        limit: number;
      }) => {
        const page = await Client.of(configOf(command)).get<Answer<typeof auditLog>>('/audit', query);
        if (json) return printJson(page);
        await printEntries(page.entries, 'no entries', {
          WHEN: ({ at }) => ago(at),
          WHO: ({ actor }) => plain(actor),
          FROM: ({ address }) => plain(address),
          ACTION: ({ action }) => plain(action),
          TARGET: ({ target }) => plain(target),
          OUTCOME: ({ outcome, error }) => (error === null ? outcome : `${outcome}: ${plain(error)}`),
        });
        if (page.next !== null && process.stdout.isTTY) print(paint('dim', `next page: --before ${page.next}`));
      },
    );
  return {
    command,
    examples: [
      ['volt audit', 'the newest entries'],
      ['volt audit --action builds.cancel', 'who cancelled builds'],
      ['volt audit --actor unknown', 'failed attempts to sign in'],
    ],
  };
}
