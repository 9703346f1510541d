import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';

export function notifierCommand(program: Command): CommandFile {
  const command = program
    .command('notifier')
    .summary('send statuses to forges')
    .description(
      'Sends the statuses of commits to the forges of `volt forge add`. You can run several on one data directory.',
    )
    .action(async () => {
      const [{ runRecordStage }, { startNotifier }] = await Promise.all([
        import('./stage.ts'),
        import('../notifier/start.ts'),
      ]);
      await runRecordStage(command, async (context) => ({
        stage: await startNotifier(context),
        ready: 'notifier ready',
      }));
    });
  return {
    command,
    environment: [...stageSettings, 'VOLT_URL'],
    examples: [
      ['volt notifier', 'next to the other stages, or with VOLT_REDIS_URL set'],
      ['volt notifier --redis redis://:password@build1:6379 --data /srv/volt', 'with a given Redis and data directory'],
    ],
  };
}
