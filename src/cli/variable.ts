import type { Command } from 'commander';
import type { variableList } from '../web/schemas/secrets.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { configOf, jsonOption } from './options.ts';
import { noneFor, printElsewhere, type ScopeOptions, scopeOption, scopePath, scopeWords } from './repository-option.ts';
import { printEntries } from './table.ts';
import { plain, print, printJson } from './terminal.ts';
import { ago } from './times.ts';

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
      const page = await Client.of(configOf(list)).get<Answer<typeof variableList>>(`${scopePath(options)}/variables`);
      if (options.json) return printJson(page);
      await printEntries(page.variables, noneFor(options, 'variables'), {
        NAME: ({ name }) => name,
        SET: ({ updatedAt }) => ago(updatedAt),
        VALUE: ({ value }) => plain(value),
      });
      printElsewhere(page.elsewhere, 'var');
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
