import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { configAnswer } from '../web/schemas/config.ts';
import { type Answer, Client } from './client.ts';
import type { CommandFile } from './command.ts';
import type { ActOptions } from './config/acts.ts';
import { configOf, jsonOption } from './options.ts';
import { print, printJson, write } from './terminal.ts';

export function configCommand(program: Command): CommandFile {
  const command = program
    .command('config')
    .summary('keep the settings of Volt in a file')
    .description(
      'Writes all settings of Volt into one file without secrets, and makes Volt as such a file says; see docs/config-as-code.md.',
    );
  const exporting = jsonOption(command.command('export'))
    .description('Writes the settings as YAML, in an order that does not change.')
    .argument('[file]', 'else standard output')
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const { config } = await Client.of(configOf(exporting)).get<Answer<typeof configAnswer>>('/config');
      if (json) return printJson(config);
      const { writtenSettings } = await import('../web/config-texts/written-settings.ts');
      const text = writtenSettings(config);
      if (file === undefined) return write(text);
      writeText(file, text);
      print(`wrote the settings to ${file}`);
    });
  const diff = withPrune(jsonOption(command.command('diff')))
    .description('Shows what applying a file would change. Exits 0 if that is nothing, and 1 if it is something.')
    .argument('<file>')
    .action(async (file: string, options: ActOptions) => {
      const { showDifference } = await import('./config/acts.ts');
      if (await showDifference(Client.of(configOf(diff)), file, options)) process.exitCode = 1;
    });
  const apply = withPrune(jsonOption(command.command('apply')))
    .description(
      'Makes Volt as a file says: all of it, or nothing if something is wrong. Shows what changes, and asks. Sections and lists that the file leaves out stay as they are.',
    )
    .argument('<file>')
    .option('--yes', 'do not ask')
    .action(async (file: string, options: ActOptions) => {
      const { applyFile } = await import('./config/acts.ts');
      await applyFile(Client.of(configOf(apply)), file, options);
    });
  command
    .command('schema')
    .description('Prints the JSON schema of such files, by which editors complete and check them.')
    .action(async () => {
      const { configJsonSchema } = await import('../web/config/json-schema.ts');
      await write(configJsonSchema());
    });
  return {
    command,
    judges: 'the file and Volt differ',
    examples: [
      ['volt config export volt.yml', 'write the settings into a file, for git'],
      ['volt config diff volt.yml', 'what would change'],
      ['volt config apply volt.yml', 'change it, after a question'],
      ['volt config apply volt.yml --yes --prune', 'in a script; also removes what the file does not have'],
      ['volt config schema > volt.schema.json', 'for editors'],
    ],
  };
}

function withPrune(command: Command): Command {
  return command.option('--prune', 'also remove entries that only Volt has, from the sections that the file has');
}

/** @throws VoltError `usage` */
function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new VoltError('usage', `cannot write ${file}: ${errorText(error)}`, {
      remedy: 'Name a file that this user can write.',
      cause: error,
    });
  }
}
