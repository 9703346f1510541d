import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';

export function reporterCommand(program: Command): CommandFile {
  const command = program
    .command('reporter')
    .summary('store results and archive logs')
    .description(
      'Stores the results that runners send in the database, archives their logs and writes test_results/. You can run several on one data directory.',
    )
    .action(async () => {
      const [{ runRecordStage }, { startReporter }] = await Promise.all([
        import('./stage.ts'),
        import('../reporter/start.ts'),
      ]);
      await runRecordStage(command, async (context) => ({
        stage: await startReporter(context),
        ready: 'reporter ready',
      }));
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt reporter', 'next to a `volt up`, or with VOLT_REDIS_URL set'],
      ['volt reporter --redis redis://:password@build1:6379 --data /srv/volt', 'with a given Redis and data directory'],
    ],
  };
}
