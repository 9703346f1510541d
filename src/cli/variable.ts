import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { type ScopeOptions, scopeOption, scopePath, scopeWords } from './scope.ts';
import { printTable } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

interface Entry {
  name: string;
  value: string;
  updatedAt: string;
}

export function variableCommand(program: Command): CommandFile {
  const command = program
    .command('var')
    .summary('keep variables for workflows')
    .description('Keeps variables, which workflows read from the context "vars". They are no secrets.');
  const set = scopeOption(command.command('set'))
    .description('Sets a variable, or replaces it.')
    .argument('<name>', 'letters, digits and "_"; case does not count')
    .argument('<value>')
    .action(async (name: string, value: string, options: ScopeOptions) => {
      await Client.of(configOf(set)).put(`${scopePath(options)}/variables/${encodeURIComponent(name)}`, { value });
      print(`${name.toUpperCase()} is set for ${scopeWords(options)}`);
    });
  const list = scopeOption(jsonOption(command.command('ls')))
    .description('Lists the variables with their values.')
    .action(async (options: ScopeOptions) => {
      const page = await Client.of(configOf(list)).get<{ variables: Entry[] }>(`${scopePath(options)}/variables`);
      if (options.json) printJson(page);
      else if (page.variables.length === 0) print(`no variables for ${scopeWords(options)}`);
      else
        printTable(
          ['NAME', 'SET', 'VALUE'],
          page.variables.map(({ name, updatedAt, value }) => [name, ago(updatedAt), plain(value)]),
        );
    });
  const remove = scopeOption(command.command('rm'))
    .description('Removes a variable.')
    .argument('<name>')
    .action(async (name: string, options: ScopeOptions) => {
      await Client.of(configOf(remove)).delete(`${scopePath(options)}/variables/${encodeURIComponent(name)}`);
      print(`${name.toUpperCase()} is removed from ${scopeWords(options)}`);
    });
  return {
    command,
    examples: [
      ['volt var set DEPLOY_REGION eu-north --repo my-project', 'for one repository'],
      ['volt var ls', 'those for all repositories'],
    ],
  };
}
