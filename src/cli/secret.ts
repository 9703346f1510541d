import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { readHidden } from './hidden-input.ts';
import { configOf, jsonOption } from './options.ts';
import { type ScopeOptions, scopeOption, scopePath, scopeWords } from './scope.ts';
import { printTable } from './table.ts';
import { print, printJson } from './terminal.ts';
import { ago } from './times.ts';

export function secretCommand(program: Command): CommandFile {
  const command = program
    .command('secret')
    .summary('keep secrets for jobs')
    .description(
      'Keeps secrets, encrypted, for the jobs whose workflow names them. A value goes in and never comes out again, but to such a job.',
    );
  const set = scopeOption(command.command('set'))
    .description('Sets a secret, or replaces it. The value is asked for, or read from standard input.')
    .argument('<name>', 'letters, digits and "_"; case does not count')
    .action(async (name: string, options: ScopeOptions) => {
      const value = await readHidden(`value of ${name}`);
      await Client.of(configOf(set)).put(`${scopePath(options)}/secrets/${encodeURIComponent(name)}`, { value });
      print(`${name.toUpperCase()} is set for ${scopeWords(options)}`);
    });
  const list = scopeOption(jsonOption(command.command('ls')))
    .description('Lists the names of the secrets, never their values.')
    .action(async (options: ScopeOptions) => {
      const page = await Client.of(configOf(list)).get<{ secrets: { name: string; updatedAt: string }[] }>(
        `${scopePath(options)}/secrets`,
      );
      if (options.json) printJson(page);
      else if (page.secrets.length === 0) print(`no secrets for ${scopeWords(options)}`);
      else
        printTable(
          ['NAME', 'SET'],
          page.secrets.map(({ name, updatedAt }) => [name, ago(updatedAt)]),
        );
    });
  const remove = scopeOption(command.command('rm'))
    .description('Removes a secret.')
    .argument('<name>')
    .action(async (name: string, options: ScopeOptions) => {
      await Client.of(configOf(remove)).delete(`${scopePath(options)}/secrets/${encodeURIComponent(name)}`);
      print(`${name.toUpperCase()} is removed from ${scopeWords(options)}`);
    });
  const rotate = command
    .command('rotate')
    .description('Makes a new key and encrypts all secrets with it. Back the new key file up.')
    .action(async () => {
      const { keyId } = await Client.of(configOf(rotate)).post<{ keyId: string }>('/secrets/rotate');
      print(`all secrets are encrypted with the new key ${keyId}`);
    });
  return {
    command,
    examples: [
      ['volt secret set NPM_TOKEN --repo my-project', 'asks for the value'],
      ['volt secret set NPM_TOKEN < token.txt', 'for all repositories, from a file'],
      ['volt secret ls --repo my-project', 'their names'],
      ['volt secret rotate', 'encrypts all of them with a new key'],
    ],
  };
}
