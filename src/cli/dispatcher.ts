import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';

export function dispatcherCommand(program: Command): CommandFile {
  const command = program
    .command('dispatcher')
    .summary('plan builds and send their jobs to runners')
    .description(
      'Turns commits into builds with jobs, sends each job to the queue of its labels, and takes back the jobs of lost runners. You can run several; a build is handled by one dispatcher at a time.',
    )
    .action(async () => {
      const [{ runRecordStage }, { startDispatcher }, { takeTrustChange }] = await Promise.all([
        import('./stage.ts'),
        import('../dispatcher/start.ts'),
        import('../record/trust-change.ts'),
      ]);
      await runRecordStage(command, async (context) => {
        const stage = await startDispatcher(context);
        for (const change of await takeTrustChange(context.database)) context.logger.warn(change);
        return { stage, ready: 'dispatcher ready' };
      });
    });
  return {
    command,
    environment: stageSettings,
    examples: [
      ['volt dispatcher', 'next to a `volt up`, or with VOLT_REDIS_URL set'],
      [
        'volt dispatcher --redis redis://:password@build1:6379 --data /srv/volt',
        'with a given Redis and data directory',
      ],
    ],
  };
}
