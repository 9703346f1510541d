import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { print, printJson } from './terminal.ts';

export function restoreCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('restore'))
    .summary('restore a backup into a data directory')
    .description(
      'Restores a file from `volt backup`, or the copy of the database that Volt keeps before an upgrade, into an empty data directory that no stage uses. --force also replaces existing data. Volt builds commits again that are newer than the backup.',
    )
    .argument('<file>', 'a file from `volt backup`, or a copy of the database')
    .option('--force', 'replace existing data, which is kept in another folder')
    .action(async (file: string, { force = false, json }: { force?: boolean; json?: boolean }) => {
      const { restoreBackup } = await import('./backup/restore.ts');
      const config = configOf(command);
      const { manifest, replaced } = await restoreBackup(config, file, { force });
      if (json) return printJson({ ...manifest, replaced });
      print(
        `restored the backup of Volt ${manifest.version} on ${manifest.host} from ${manifest.createdAt} to ${config.dataDir}`,
      );
      if (replaced !== null) print(`the previous data is in ${replaced}`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt restore /backups/volt.tar.gz --data /srv/volt', 'then start Volt as usual'],
      [
        'volt restore /srv/volt/volt.db.schema-5 --force --data /srv/volt',
        'then start the version of Volt that used this database before',
      ],
    ],
  };
}
