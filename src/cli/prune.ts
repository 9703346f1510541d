import type { Command } from 'commander';
import { repositoryKey } from '../kernel/names.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { configOf, jsonOption } from './options.ts';
import { size } from './sizes.ts';
import { print, printJson } from './terminal.ts';

interface PruneOptions {
  dryRun?: boolean;
  json?: boolean;
}

export function pruneCommand(program: Command): CommandFile {
  const command = jsonOption(program.command('prune'))
    .summary('remove what is not kept any more')
    .description(
      'Removes the builds, logs, mirrors, caches, artifacts, homes of jobs and folders of runners on this machine that the settings do not keep, and homes and caches of repositories that are not observed any more. Reporters and runners do the same every hour. It needs no stage, and may run beside them: what is open or in use is never touched.',
    )
    .option('--dry-run', 'only say what would be removed')
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
      // a machine that has only runners has no record
      if (hasRecord(config)) {
        const database = await Database.open(config);
        try {
          results = await pruneResults({ database, config }, dryRun);
          known = new Set((await listRepositories(database)).map(repositoryKey));
        } finally {
          await database.close();
        }
      }
      const machine = await pruneMachine(config, warn, dryRun, Date.now(), known);
      if (json) return printJson({ dryRun, ...results, ...machine });
      const { mirrors, workFolders, caches, artifacts, homes } = machine;
      const sum = (list: { bytes: number }[]) => list.reduce((total, { bytes }) => total + bytes, 0);
      const rows: [string, number][] = [
        [
          `${results.builds} builds with their logs, logs of ${results.logs} more, logs of ${results.orphans} unknown builds`,
          results.bytes,
        ],
        [`${mirrors.length} mirrors`, sum(mirrors)],
        [`${workFolders.length} folders of runners that have not come back`, sum(workFolders)],
        [`${caches.length} caches`, sum(caches)],
        [`artifacts of ${artifacts.length} builds`, sum(artifacts)],
        [`${homes.length} homes of jobs`, sum(homes)],
      ];
      for (const [what, bytes] of rows) print(`${dryRun ? 'would remove' : 'removed'} ${what} (${size(bytes)})`);
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt prune --dry-run', 'see what would go'],
      ['volt prune', 'now, instead of within the hour'],
    ],
  };
}

function warn(message: string): void {
  process.stderr.write(`${message}\n`);
}
