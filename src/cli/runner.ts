import type { Command } from 'commander';
import type { Config } from '../kernel/config.ts';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import {
  addContainerRights,
  type ContainerRightsOptions,
  containerRightsOf,
  imageOption,
  integer,
  isolationOption,
  list,
  number,
} from './options.ts';
import { defaultSlots, slotsText } from './slots.ts';

interface RunnerOptions extends ContainerRightsOptions {
  labels?: string[];
  repos?: string[];
  slots: number;
  name?: string;
  isolation?: Config['isolation'];
  image?: string[];
  grace: number;
  orphanTimeout?: number;
}

export function runnerCommand(program: Command): CommandFile {
  const command = addContainerRights(program.command('runner'))
    .summary('run jobs, on any machine')
    .description(
      'Runs jobs, on any machine that has git, the tools of the tests and access to Redis. On the first SIGINT or SIGTERM it takes no new jobs and gives the running ones the grace time to end. After that, or on a second signal, it hands them back and another runner takes them.',
    )
    .option('--labels <a,b>', 'also run jobs that ask for these labels', list)
    .option('--repos <a,b-*>', 'run jobs of these repositories only, else VOLT_RUNNER_REPOS', list)
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 256), defaultSlots())
    .addOption(isolationOption())
    .addOption(imageOption())
    .option('--name <name>', 'name of this runner, else the name of the machine')
    .option('--grace <seconds>', 'how long running jobs may take to end when the runner stops', number(0, 86_400), 30)
    .option(
      '--orphan-timeout <seconds>',
      'how long the runner keeps going without Redis before it ends its jobs and exits, else VOLT_ORPHAN_TIMEOUT',
      number(1, 604_800),
    )
    .action(async (options: RunnerOptions) => {
      const [{ runStage }, { startRunner }, { Queues }, { networksText }, { levelName }] = await Promise.all([
        import('./stage.ts'),
        import('../runner/start.ts'),
        import('../queues/queues.ts'),
        import('../exec/network/network-check.ts'),
        import('../exec/isolation-check.ts'),
      ]);
      const settings = containerRightsOf(options);
      await runStage(command, { graceSeconds: options.grace, whose: 'runner', settings }, async (context, shutdown) => {
        const queues = new Queues(context.access, context.logger);
        shutdown.add('queues', () => queues.close());
        const runner = await startRunner(
          { ...context, queues },
          {
            ...(options.name === undefined ? {} : { name: options.name }),
            ...(options.isolation === undefined ? {} : { isolation: options.isolation }),
            labels: options.labels ?? [],
            repos: options.repos,
            images: options.image,
            slots: options.slots,
            graceSeconds: options.grace,
            ...(options.orphanTimeout === undefined ? {} : { orphanSeconds: options.orphanTimeout }),
          },
        );
        return {
          stage: runner,
          ready: `runner ${runner.name} ready: ${slotsText(options.slots)}, labels ${runner.labels.join(', ')}; isolation ${levelName(runner.settledIsolation)}; network: ${networksText(runner.networks)}`,
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
      'VOLT_RUNNER_IMAGES',
      'VOLT_ENGINE',
      'VOLT_IMAGE_PULL',
      'VOLT_JOB_USER',
      'VOLT_SANDBOX_PATHS',
      'VOLT_JOB_VARIABLES',
      'VOLT_SANDBOX_NETWORK',
      'VOLT_ALLOW_PRIVILEGED',
      'VOLT_ALLOW_VOLUMES',
      'VOLT_ALLOW_BUILDS',
      'VOLT_ALLOW_IMAGES',
      'VOLT_LOG_LIMIT',
      'VOLT_ORPHAN_TIMEOUT',
    ],
    examples: [
      ['volt runner --redis redis://:password@build1:6379', 'on another machine'],
      ['volt runner --isolation sandbox', 'only if jobs can run in a sandbox'],
      ['volt runner --labels gpu,large --slots 1 --name gpu-1', 'for jobs that ask for the label gpu or large'],
      ['volt runner --image ubuntu-latest=node:22 --image debian:13', 'jobs that name no image run in these'],
      ['volt runner --isolation container', 'only if jobs or their repositories name an image'],
      ['volt runner --repos deploy,site-*', 'only for these repositories'],
    ],
  };
}
