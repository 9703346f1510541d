import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { print, printJson } from './terminal.ts';

export function restoreCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('restore'))
    .summary('put a backup into a data directory')
    .description(
      'Puts what `volt backup` has written, or a copy of the record that was kept before an upgrade, into a data directory that no stage uses and that is empty, or with --force in the place of what is there. Commits that came after it are built again.',
    )
    .argument('<file>', 'a file that `volt backup` has written, or a copy of the record')
    .option('--force', 'also where there is a record already; it is kept aside')
    .action(async (file: string, { force = false, json }: { force?: boolean; json?: boolean }) => {
      const { restoreBackup } = await import('./backup/restore.ts');
      const config = configOf(command);
      const { manifest, replaced } = await restoreBackup(config, file, force);
      if (json) return printJson({ ...manifest, replaced });
      print(
        `restored what Volt ${manifest.version} on ${manifest.host} wrote at ${manifest.createdAt} to ${config.dataDir}`,
      );
      if (replaced !== null) print(`what was there before is in ${replaced}`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt restore /backups/volt.tar.gz --data /srv/volt', 'then start Volt as usual'],
      [
        'volt restore /srv/volt/volt.db.schema-5 --force --data /srv/volt',
        'then start the version that had the record before',
      ],
    ],
  };
}
