import type { Command } from 'commander';
import { sizeText } from '../kernel/sizes.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { print, printJson } from './terminal.ts';

export function backupCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('backup'))
    .summary('write the database, logs, results, artifacts and keys to a file')
    .description(
      'Writes the database, logs, test_results/, artifacts, token and keys of the data directory to one tar.gz file that only its owner can read. Volt can keep running. The backup does not contain mirrors, caches or Redis data, which Volt makes again, nor artifacts on other machines.',
    )
    .argument('<file>', 'file to write, for example volt.tar.gz; an existing file is replaced')
    .option('--no-artifacts', 'leave out the artifacts, which are often the largest part')
    .action(async (target: string, { json, artifacts }: { json?: boolean; artifacts: boolean }) => {
      const { createBackup } = await import('./backup/create.ts');
      const config = configOf(command);
      const { file, bytes } = await createBackup(config, target, { artifacts });
      if (json) return printJson({ file, bytes });
      print(`wrote ${file} (${sizeText(bytes)})`);
      if (config.secretsKeyFile !== undefined)
        print(`the backup does not contain the key of the secrets: keep a copy of ${config.secretsKeyFile}`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt backup /backups/volt.tar.gz --data /srv/volt', 'while Volt runs, for example every night'],
      ['volt backup small.tar.gz --no-artifacts', 'without artifacts'],
    ],
  };
}
