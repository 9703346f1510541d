import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { size } from './sizes.ts';
import { print, printJson } from './terminal.ts';

export function backupCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('backup'))
    .summary('write record, logs, results, artifacts and keys to a file')
    .description(
      'Writes the record, the logs, test_results/, the artifacts, the token and the keys of the data directory to one compressed file (tar, gzip), which only its owner may read. Volt may run meanwhile. Mirrors, caches and Redis are not in it: they come again by themselves; nor are artifacts that lie on other machines.',
    )
    .argument('<file>', 'where to, for example volt.tar.gz; an earlier one is replaced')
    .option('--no-artifacts', 'leave the artifacts out, which may be most of it')
    .action(async (target: string, { json, artifacts }: { json?: boolean; artifacts: boolean }) => {
      const { createBackup } = await import('./backup/create.ts');
      const config = configOf(command);
      const { file, bytes } = await createBackup(config, target, { artifacts });
      if (json) return printJson({ file, bytes });
      print(`wrote ${file} (${size(bytes)})`);
      if (config.secretsKeyFile !== undefined)
        print(`the key of the secrets is not in it: keep a copy of ${config.secretsKeyFile}`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt backup /backups/volt.tar.gz --data /srv/volt', 'while it runs, for example every night'],
      ['volt backup small.tar.gz --no-artifacts', 'without what jobs have uploaded'],
    ],
  };
}
