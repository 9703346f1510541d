import type { Command } from 'commander';
import { repositoryKey } from '../kernel/names.ts';
import { sizeText } from '../kernel/sizes.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { print, printJson } from './terminal.ts';

interface PruneOptions {
  dryRun?: boolean;
  json?: boolean;
}

export function pruneCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('prune'))
    .summary('delete old builds, logs, mirrors and caches')
    .description(
      'Deletes the builds, logs, mirrors, caches, kept installs, artifacts, job homes, images of containers and runner folders on this machine that are older or larger than the settings allow, and homes and caches of removed repositories. Reporters and runners do the same every hour. It needs no running stage, and never touches what is open or in use.',
    )
    .option('--dry-run', 'only say what would be deleted')
    .action(async ({ dryRun = false, json }: PruneOptions) => {
      const [{ Database }, { hasRecord }, { listRepositories }, { pruneResults, nothingPruned }, { pruneMachine }] =
        await Promise.all([
          import('../record/database.ts'),
          import('../record/address.ts'),
          import('../record/repositories.ts'),
          import('../reporter/prune.ts'),
          import('../runner/prune.ts'),
        ]);
      const config = configOf(command);
      let results = nothingPruned;
      let known: ReadonlySet<string> | undefined;
      // a machine that only has runners has no database
      if (hasRecord(config)) {
        const database = await Database.open(config);
        try {
          results = await pruneResults({ database, config }, { dryRun });
          if (!dryRun) {
            const { recordLocalAction } = await import('../record/local-actions.ts');
            await recordLocalAction(database, config, { action: 'data.prune', target: `${results.builds} builds` });
          }
          known = new Set((await listRepositories(database)).map(repositoryKey));
        } finally {
          await database.close();
        }
      }
      const machine = await pruneMachine(config, warn, dryRun, Date.now(), known);
      if (json) return printJson({ dryRun, ...results, ...machine });
      const { mirrors, workFolders, caches, installs, artifacts, homes, images } = machine;
      const rows = [
        {
          what: `${results.builds} builds with their logs, logs of ${results.logs} other builds, logs of ${results.orphans} unknown builds`,
          count: results.builds + results.logs + results.orphans,
          bytes: results.bytes,
        },
        row(mirrors, (count) => `${count} mirrors`),
        row(workFolders, (count) => `${count} folders of runners that no longer run`),
        row(caches, (count) => `${count} caches`),
        row(installs, (count) => `${count} kept Python environments and node_modules folders`),
        row(artifacts, (count) => `artifacts of ${count} builds`),
        row(homes, (count) => `${count} job homes`),
        row(images, (count) => `${count} images of containers`),
      ];
      const found = rows.filter(({ count }) => count > 0);
      if (found.length === 0) return print('nothing to remove');
      for (const { what, bytes } of found) print(`${dryRun ? 'would delete' : 'deleted'} ${what} (${sizeText(bytes)})`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt prune --dry-run', 'see what would be deleted'],
      ['volt prune', 'delete it now, instead of within the hour'],
    ],
  };
}

function row(list: { bytes: number }[], what: (count: number) => string) {
  const bytes = list.reduce((total, one) => total + one.bytes, 0);
  return { what: what(list.length), count: list.length, bytes };
}

function warn(message: string): void {
  process.stderr.write(`${message}\n`);
}
