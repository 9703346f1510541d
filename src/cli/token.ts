import { type Command, Option } from 'commander';
import { type TokenScope, tokenScopes } from '../kernel/token-scope.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { printTable } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface Token {
  name: string;
  scope: TokenScope;
  createdBy: string;
  createdAt: string;
  lastUsedAt: string | null;
}

export function tokenCommand(program: Command): CommandFile {
  const command = program
    .command('token')
    .summary('tokens for people and programs')
    .description(
      'Makes, lists and revokes tokens: by them dashboard, API and commands (VOLT_TOKEN) know who may do what. read: look at everything but secrets; write: trigger, cancel and retry as well; admin: everything.',
    );
  const add = jsonOption(command.command('add'))
    .description('Makes a token and prints it, this once.')
    .argument('<name>', '1 to 64 of a-z, 0-9, ".", "_" and "-"; what the audit log calls its bearer')
    .addOption(new Option('--scope <scope>', 'what it is good for').choices([...tokenScopes]).default('read'))
    .action(async (name: string, { scope, json }: { scope: TokenScope; json?: boolean }) => {
      const made = await Client.of(configOf(add)).post<Token & { token: string }>('/tokens', { name, scope });
      if (json) return printJson(made);
      print(`${name} is made, of scope ${scope}. This is its token, which is not shown again:`);
      print(made.token);
    });
  const list = jsonOption(command.command('ls'))
    .description('Lists the tokens, never what they are.')
    .action(async ({ json }: { json?: boolean }) => {
      const page = await Client.of(configOf(list)).get<{ tokens: Token[] }>('/tokens');
      if (json) printJson(page);
      else if (page.tokens.length === 0) print('no tokens beside the main one');
      else
        printTable(
          ['NAME', 'SCOPE', 'MADE', 'BY', 'LAST USED'],
          page.tokens.map(({ name, scope, createdAt, createdBy, lastUsedAt }) => [
            name,
            scope,
            ago(createdAt),
            plain(createdBy),
            lastUsedAt === null ? 'never' : ago(lastUsedAt),
          ]),
        );
    });
  const remove = command
    .command('rm')
    .description('Revokes a token at once; browsers that have signed in with it are signed out.')
    .argument('<name>')
    .action(async (name: string) => {
      await Client.of(configOf(remove)).delete(`/tokens/${encodeURIComponent(name)}`);
      print(`${name} is revoked`);
    });
  return {
    command,
    examples: [
      ['volt token add deploy --scope write', 'for a program that triggers builds'],
      ['volt token ls', 'who has one, and when it was last used'],
      ['volt token rm deploy', 'it is good for nothing from now on'],
    ],
  };
}
