import type { Command } from 'commander';
import type { Config } from '../kernel/config.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { integer, isolationOption, list, number } from './options.ts';
import { defaultSlots, slotsText } from './slots.ts';

interface RunnerOptions {
  labels?: string[];
  repos?: string[];
  slots: number;
  name?: string;
  isolation?: Config['isolation'];
  grace: number;
  orphanTimeout?: number;
}

export function runnerCommand(program: Command): CommandFile {
  const command = program
    .command('runner')
    .summary('execute jobs, on any machine')
    .description(
      'Executes jobs. It needs Redis, git and what the tests need, so it may live on any machine. On the first SIGINT or SIGTERM it takes no new job and gives the running ones the grace time to end; then, or at the second, it hands them back and another runner takes them.',
    )
    .option('--labels <a,b>', 'serve jobs that ask for these labels too', list)
    .option('--repos <a,b-*>', 'take jobs of these repositories only, else VOLT_RUNNER_REPOS', list)
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 256), defaultSlots())
    .addOption(isolationOption())
    .option('--name <name>', 'name of this runner, else that of the machine')
    .option('--grace <seconds>', 'how long running jobs may take to end when it is stopped', number(0, 86_400), 30)
    .option(
      '--orphan-timeout <seconds>',
      'how long it goes on without Redis before it ends its jobs and itself, else VOLT_ORPHAN_TIMEOUT',
      number(1, 604_800),
    )
    .action(async (options: RunnerOptions) => {
      const [{ runStage }, { startRunner }, { Queues }, { networksText }] = await Promise.all([
        import('./stage.ts'),
        import('../runner/start.ts'),
        import('../queues/queues.ts'),
        import('../exec/network/network-check.ts'),
      ]);
      await runStage(command, { graceSeconds: options.grace, whose: 'runner' }, async (context, shutdown) => {
        const queues = new Queues(context.access, context.logger);
        shutdown.add('queues', () => queues.close());
        const runner = await startRunner(
          { ...context, queues },
          {
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
            labels: options.labels ?? [],
            repos: options.repos,
            slots: options.slots,
            graceSeconds: options.grace,
            ...(options.orphanTimeout === undefined ? {} : { orphanSeconds: options.orphanTimeout }),
          },
        );
        return {
          stage: runner,
          ready: `runner ${runner.name} ready: ${slotsText(options.slots)}, labels ${runner.labels.join(', ')}; isolation ${runner.settledIsolation.level}; network: ${networksText(runner.networks)}`,
          failed: runner.failed,
          handBack: () => runner.handBack(),
        };
      });
    });
  return {
    command,
    environment: [
      ...stageSettings,
      'VOLT_RUNNER_KEY',
      'VOLT_RUNNER_REPOS',
      'VOLT_ISOLATION',
      'VOLT_JOB_USER',
      'VOLT_SANDBOX_PATHS',
      'VOLT_JOB_VARIABLES',
      'VOLT_SANDBOX_NETWORK',
      'VOLT_LOG_LIMIT',
      'VOLT_ORPHAN_TIMEOUT',
    ],
    examples: [
      ['volt runner --redis redis://:password@build1:6379', 'from another machine'],
      ['volt runner --isolation sandbox', 'only where jobs can be kept apart from the machine'],
      ['volt runner --labels gpu,large --slots 1 --name gpu-1', 'for jobs that ask for a label'],
      ['volt runner --repos deploy,site-*', 'kept for some repositories: it gets no jobs of others'],
    ],
  };
}
