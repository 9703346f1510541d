import type { Command } from 'commander';
import type { CommandFile } from './command.ts';
import { stageSettings } from './help.ts';
import { addRepositoryOptions, integer, isolationOption, number } from './options.ts';
import { defaultSlots } from './slots.ts';
import type { UpOptions } from './up/options.ts';
import { addWebOptions } from './web.ts';

export function upCommand(program: Command): CommandFile {
  const command = addWebOptions(addRepositoryOptions(program.command('up')))
    .summary('everything in one process')
    .description(
      'Runs everything in one process: a private Redis (unless one is named), all stages and the dashboard. Repositories that were added before are observed as well. The first SIGINT or SIGTERM stops it in order; the second hands running jobs back at once; the third ends it where it stands.',
    )
    .option('--slots <number>', 'how many jobs to run at once', integer(1, 256), defaultSlots())
    .addOption(isolationOption())
    .option('--grace <seconds>', 'how long running jobs may take to end when it is stopped', number(0, 86_400), 5)
    .option('--once', 'exit after the first build of each repository: 0 passed, 1 failed, 3 could not be tested')
    .option('--sample', 'make a small repository to try Volt with, and observe it')
    .option('--sample-if-none', 'as --sample, unless another repository is observed already')
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
      'VOLT_JOB_TIMEOUT',
    ],
    judges: true,
    examples: [
      ['volt up --sample', 'try it'],
      ['volt up --repo ../my-project', 'a repository on this machine'],
      [
        'volt up --repo app=https://github.com/me/app.git --branch main --branch "release/*"',
        'some branches of a remote one, under a name',
      ],
      ['volt up --repo . --once', 'test what is committed here, and exit with what came out'],
    ],
  };
}
