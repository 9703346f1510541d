import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { addContainerRights, addRepositoryOptions, imageOption, integer, isolationOption, number } from './options.ts';
import { defaultSlots } from './slots.ts';
import type { UpOptions } from './up/options.ts';
import { addWebOptions } from './web.ts';

export function upCommand(program: Command): CommandFile {
  const command = addContainerRights(addWebOptions(addRepositoryOptions(program.command('up'))))
    .summary('run everything in one process')
    .description(
      'Runs everything in one process: a private Redis (unless you name one), all stages and the dashboard. It also watches the repositories that were added before. The first SIGINT or SIGTERM stops it cleanly, the second hands back running jobs at once, the third ends it immediately.',
    )
    .option('--config <file>', 'first apply the settings in this file, as `volt config apply` does')
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 256), defaultSlots())
    .addOption(isolationOption())
    .addOption(imageOption())
    .option('--grace <seconds>', 'how long running jobs may take to end when Volt stops', number(0, 86_400), 5)
    .option('--once', 'exit after the first build of each repository: 0 passed, 1 failed, 3 could not be tested')
    .option('--sample', 'create and watch a small sample repository')
    .option('--sample-if-none', 'as --sample, unless another repository is watched already')
    .action(async (options: UpOptions) => {
      const { up } = await import('./up/up.ts');
      await up(command, options);
    });
  return {
    command,
    environment: [
      ...stageSettings,
      'VOLT_REDIS_BIND',
      'VOLT_REDIS_PORT',
      'VOLT_HTTP_HOST',
      'VOLT_HTTP_PORT',
      'VOLT_ISOLATION',
      'VOLT_RUNNER_IMAGES',
      'VOLT_JOB_TIMEOUT',
      'VOLT_ALLOW_PRIVILEGED',
      'VOLT_ALLOW_VOLUMES',
      'VOLT_ALLOW_BUILDS',
      'VOLT_ALLOW_IMAGES',
    ],
    judges: true,
    examples: [
      ['volt up --sample', 'try Volt with a sample repository'],
      ['volt up --repo ../my-project', 'a repository on this machine'],
      [
        'volt up --repo app=https://github.com/me/app.git --branch main --branch "release/*"',
        'some branches of a remote repository, named app',
      ],
      ['volt up --config volt.yml', 'a whole Volt from one file'],
      ['volt up --repo . --once', 'test the newest commit here and exit with the result'],
    ],
  };
}
