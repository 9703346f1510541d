import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';

export function reporterCommand(program: Command): CommandFile {
  const command = program
    .command('reporter')
    .summary('record results and archive logs')
    .description(
      'Takes the results and logs of runners, makes statuses final in the record, archives logs and writes test_results/. Any number may run on the data directory.',
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
      ['volt reporter', 'beside a `volt up` or with VOLT_REDIS_URL set'],
      [
        'volt reporter --redis redis://:password@build1:6379 --data /srv/volt',
        'with a Redis and a data directory by name',
      ],
    ],
  };
}
