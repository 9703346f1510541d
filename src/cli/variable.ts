import type { Command } from 'commander';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { withCommandsAsTyped } from './invocation.ts';
import { configOf, jsonOption } from './options.ts';
import { type ScopeOptions, scopeOption, scopePath, scopeWords } from './repository-option.ts';
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
    .summary('manage variables for workflows')
    .description('Stores variables, which workflows read as `vars.NAME`. They are not secret.');
  const set = scopeOption(command.command('set'))
    .description('Sets or replaces a variable.')
    .argument('<name>', 'letters, digits and "_"; upper and lower case are the same')
    .argument('<value>')
    .action(async (name: string, value: string, options: ScopeOptions) => {
      await Client.of(configOf(set)).put(`${scopePath(options)}/variables/${encodeURIComponent(name)}`, { value });
      print(`set ${name.toUpperCase()} for ${scopeWords(options)}`);
    });
  const list = scopeOption(jsonOption(command.command('ls')))
    .description('Lists the variables with their values.')
    .action(async (options: ScopeOptions) => {
      const page = await Client.of(configOf(list)).get<{ variables: Entry[] }>(`${scopePath(options)}/variables`);
      if (options.json) printJson(page);
      else if (page.variables.length === 0)
        print(
          options.repo === undefined
            ? withCommandsAsTyped('no variables for all repositories; `volt var ls --repo NAME` lists those of one')
            : `no variables for ${options.repo}`,
        );
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
      print(`removed ${name.toUpperCase()} from ${scopeWords(options)}`);
    });
  return {
    command,
    examples: [
      ['volt var set DEPLOY_REGION eu-north --repo my-project', 'set a variable for one repository'],
      ['volt var ls', 'list the variables for all repositories'],
    ],
  };
}
