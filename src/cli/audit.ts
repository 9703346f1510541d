import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, integer, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { paint, plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface Entry {
  id: number;
  at: string;
  actor: string;
  address: string;
  action: string;
  target: string;
  status: number;
}

export function auditCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('audit'))
    .summary('who did what')
    .description(
      'Shows who has asked for which change through dashboard, API or commands, and who has tried to sign in, newest first.',
    )
    .option('--actor <name>', 'only by this token; owner is the main one, unknown a failed sign-in')
    .option('--action <action>', 'only this, such as builds.cancel or sign-in')
    .option('--before <id>', 'only what is older than the entry with this id, to go on where a list ended')
    .option('--limit <number>', 'at most so many', integer(1, 500), 20)
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
        const page = await Client.of(configOf(command)).get<{ entries: Entry[]; next: string | null }>('/audit', query);
        if (json) return printJson(page);
        if (page.entries.length === 0) return print('nothing has been done');
        printTable(
          ['WHEN', 'WHO', 'FROM', 'DID', 'TO', 'ANSWER'],
          page.entries.map(({ at, actor, address, action, target, status }) => [
            ago(at),
            plain(actor),
            plain(address),
            plain(action),
            plain(target),
            String(status),
          ]),
        );
        if (page.next !== null && process.stdout.isTTY) print(paint('dim', `older ones: --before ${page.next}`));
      },
    );
  return {
    command,
    examples: [
      ['volt audit', 'the newest entries'],
      ['volt audit --action builds.cancel', 'who has cancelled builds'],
      ['volt audit --actor unknown', 'failed attempts to sign in'],
    ],
  };
}
